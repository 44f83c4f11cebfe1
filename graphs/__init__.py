"""How a turn flows, on LangGraph. It knows how agents and events meet; who speaks and what is kept it leaves to the floors below."""

__all__: list[str] = []
