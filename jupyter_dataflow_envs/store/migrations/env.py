"""Run by Alembic; the connection, in an open transaction, is given by `store.migration`."""

from alembic import context

from jupyter_dataflow_envs.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
