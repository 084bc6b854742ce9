"""Who you are: the user, sessions of devices, the doors in."""
