"""`|clock` and `|duration` for templates."""

from django import template

from meetings.times import clock, duration

register = template.Library()
register.filter("clock", clock)
register.filter("duration", duration)
