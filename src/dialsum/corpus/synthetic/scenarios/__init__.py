"""All scenarios, in an order that must not change: a row's scenario is drawn by its place.

Enters: nothing. Leaves: `SCENARIOS`. The form of a scenario's text is described in `scenario`.
"""

from __future__ import annotations

from dialsum.corpus.synthetic.scenario import Scenario
from dialsum.corpus.synthetic.scenarios.commerce import COMMERCE
from dialsum.corpus.synthetic.scenarios.friends import FRIENDS
from dialsum.corpus.synthetic.scenarios.health import HEALTH
from dialsum.corpus.synthetic.scenarios.home import HOME
from dialsum.corpus.synthetic.scenarios.leisure import LEISURE
from dialsum.corpus.synthetic.scenarios.services import SERVICES
from dialsum.corpus.synthetic.scenarios.travel import TRAVEL
from dialsum.corpus.synthetic.scenarios.work import WORK

SCENARIOS: tuple[Scenario, ...] = (*HEALTH, *COMMERCE, *FRIENDS, *HOME, *LEISURE, *SERVICES, *TRAVEL, *WORK)
