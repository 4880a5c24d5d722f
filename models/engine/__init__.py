"""The training engine; docs/engine.md explains it in one page.

`stacked_network` builds several networks as one Keras model, `epoch_program` compiles an epoch of
it, `member_groups` packs members into stacks, and `training` loops over the epochs; `optimization`,
`schedules` and `early_stopping` define how to train, and `callbacks` calls Keras's callbacks.
"""
