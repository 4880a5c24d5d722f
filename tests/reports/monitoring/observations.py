"""Observations as tests look at them."""


def alarms(observations):
    return {(o.name, o.subject) for o in observations if o.value > o.limit}
