"""PostgreSQL: connection pools, transactions, shared tables, migrations, provisioning, cursors."""
