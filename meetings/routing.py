"""The two sockets of a room, and the one of its overlay."""

from django.urls import path

from meetings.consumers.audio import AudioConsumer
from meetings.consumers.overlay import OverlayConsumer
from meetings.consumers.room import RoomConsumer

websocket_urlpatterns = [
    path("ws/meetings/<str:code>/", RoomConsumer.as_asgi()),
    path("ws/meetings/<str:code>/audio/", AudioConsumer.as_asgi()),
    path("ws/meetings/<str:code>/overlay/", OverlayConsumer.as_asgi()),
]
