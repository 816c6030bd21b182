"""Providers of video rooms, all behind one interface."""
