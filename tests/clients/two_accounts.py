"""A second account, and a credential for both; apart from the flows, for whoever imports flows has them."""

NAME = "both"


def two(server):
    """A second account of the same owner, and a credential for both; made by the first flow that asks."""
    rows = [row for row in server.run("account", "list") if row["state"] == "open"]
    if len(rows) == 1:
        server.run("account", "create", "--owner", server.people[0]["username"], "--cash", "250000", "--purpose", "second")
        rows = [row for row in server.run("account", "list") if row["state"] == "open"]
    first, second = (row["account"] for row in rows[:2])
    if not any(row["name"] == NAME for row in server.run("credential", "list")):
        server.run("credential", "create", NAME, "--account", first, "--account", second, "--no-token")
    port = next(row["port"] for row in server.run("credential", "list") if row["name"] == NAME)
    return first, second, ("127.0.0.1", port)
