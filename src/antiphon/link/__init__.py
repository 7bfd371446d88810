"""The link: jobs and their answers between gateways and nodes, over NATS. The wire is told in `docs/link.md`."""
