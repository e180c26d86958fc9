"""What Jupyter starts: kernelspecs, the launchers behind them, their leases, and the kernel that says why not."""
