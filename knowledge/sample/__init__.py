"""The help centre of a made-up company, for trying Parley out and for its tests."""
