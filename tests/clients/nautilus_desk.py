"""A node of nautilus_trader with a strategy that keeps what it is told."""

import asyncio
import time

from nautilus_trader.adapters.interactive_brokers.config import InteractiveBrokersDataClientConfig
from nautilus_trader.adapters.interactive_brokers.config import InteractiveBrokersExecClientConfig
from nautilus_trader.adapters.interactive_brokers.config import InteractiveBrokersInstrumentProviderConfig
from nautilus_trader.adapters.interactive_brokers.factories import IB_CLIENTS
from nautilus_trader.adapters.interactive_brokers.factories import InteractiveBrokersLiveDataClientFactory
from nautilus_trader.adapters.interactive_brokers.factories import InteractiveBrokersLiveExecClientFactory
from nautilus_trader.config import LiveExecEngineConfig
from nautilus_trader.config import LoggingConfig
from nautilus_trader.config import RoutingConfig
from nautilus_trader.config import StrategyConfig
from nautilus_trader.config import TradingNodeConfig
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.trading.strategy import Strategy

APPLE = InstrumentId.from_str("AAPL.NASDAQ")
COKE = InstrumentId.from_str("KO.NYSE")
NAME = "FLOORPASS"
# Kinds of contracts that it has no class for. A node that is not told so does not start on an account that traded one.
WITHOUT = frozenset({"BOND", "FUND"})


class Program(Strategy):
    """Orders are sent from the flow; this keeps what comes back."""

    def __init__(self):
        # Without the claim the orders of an earlier run belong to nobody.
        super().__init__(StrategyConfig(strategy_id="FLOW-001", external_order_claims=[APPLE, COKE]))
        self.quotes, self.trades, self.bars, self.past, self.told = [], [], [], [], []

    def on_quote_tick(self, tick):
        self.quotes.append(tick)

    def on_trade_tick(self, tick):
        self.trades.append(tick)

    def on_bar(self, bar):
        self.bars.append(bar)

    def on_historical_data(self, data):
        self.past.append(data)

    def on_order_event(self, event):
        self.told.append(event)

    def story(self):
        """What was told about orders, short."""
        return [f"{e.client_order_id.value[-5:]} {type(e).__name__} {getattr(e, 'reason', '')}".rstrip() for e in self.told]

    def events(self, order, kind):
        return [e for e in self.told if e.client_order_id == order.client_order_id and type(e).__name__ == kind]


class Desk:
    """A node that runs while the block does."""

    def __init__(self, address, account, client_id, without=WITHOUT):
        host, port = address
        instruments = InteractiveBrokersInstrumentProviderConfig(load_ids=frozenset({str(APPLE), str(COKE)}), filter_sec_types=without)
        shared = {"ibg_host": host, "ibg_port": port, "ibg_client_id": client_id, "instrument_provider": instruments}
        self.node = TradingNode(
            TradingNodeConfig(
                trader_id="TESTER-001",
                logging=LoggingConfig(log_level="ERROR", log_colors=False),
                exec_engine=LiveExecEngineConfig(reconciliation=True, reconciliation_startup_delay_secs=0.1),
                data_clients={NAME: InteractiveBrokersDataClientConfig(**shared)},
                exec_clients={NAME: InteractiveBrokersExecClientConfig(account_id=account, routing=RoutingConfig(default=True), **shared)},
                timeout_connection=30.0,
                timeout_disconnection=5.0,
                timeout_post_stop=0.2,
            ),
            asyncio.get_running_loop(),
        )
        self.program = Program()
        self.node.trader.add_strategy(self.program)
        self.node.add_data_client_factory(NAME, InteractiveBrokersLiveDataClientFactory)
        self.node.add_exec_client_factory(NAME, InteractiveBrokersLiveExecClientFactory)

    async def __aenter__(self):
        if not await self.starts(40):
            raise TimeoutError("the node does not start")
        return self

    async def starts(self, seconds):
        self.node.build()
        self.runs = asyncio.create_task(self.node.run_async())
        return await self.until(lambda: self.program.is_running, seconds)

    async def __aexit__(self, *_):
        await self.node.stop_async()
        self.runs.cancel()
        await asyncio.gather(self.runs, return_exceptions=True)

    async def until(self, condition, seconds=15):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            await asyncio.sleep(0.02)
        return bool(condition())

    @property
    def cache(self):
        return self.node.cache

    @property
    def client(self):
        """The adapter's own connection, which data and orders share."""
        return next(iter(IB_CLIENTS.values()))

    @property
    def instrument(self):
        return self.cache.instrument(APPLE)

    def permanent_id(self, order):
        return int(str(order.venue_order_id).removeprefix("PERM-"))
