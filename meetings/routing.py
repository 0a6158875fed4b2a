"""The two sockets of a room and the one of its overlay, for pages; that of programs, which show a token, no cookie."""

from django.urls import path

from meetings.consumers.audio import AudioConsumer
from meetings.consumers.overlay import OverlayConsumer
from meetings.consumers.program import ProgramConsumer
from meetings.consumers.room import RoomConsumer

websocket_urlpatterns = [
    path("ws/meetings/<str:code>/", RoomConsumer.as_asgi()),
    path("ws/meetings/<str:code>/audio/", AudioConsumer.as_asgi()),
    path("ws/meetings/<str:code>/overlay/", OverlayConsumer.as_asgi()),
]
program_urlpatterns = [path("v1/stt/stream", ProgramConsumer.as_asgi())]
