"""The training engine; docs/engine.md explains it in one page.

`stack` builds several networks as one Keras model, `program` compiles an epoch of it, `training`
packs members into stacks and loops over the epochs; `optimization`, `schedules` and `stopping` say how
to train, and `callbacks` lets Keras's own callbacks listen.
"""
