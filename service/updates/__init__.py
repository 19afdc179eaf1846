"""Tell the rep: what has this rep not been told?"""
