"""The two sockets of a room."""

from django.urls import path

from meetings.consumers.audio import AudioConsumer
from meetings.consumers.room import RoomConsumer

websocket_urlpatterns = [
    path("ws/meetings/<str:code>/", RoomConsumer.as_asgi()),
    path("ws/meetings/<str:code>/audio/", AudioConsumer.as_asgi()),
]
