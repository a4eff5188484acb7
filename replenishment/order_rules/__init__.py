"""Order rules of shipped systems: minimums, packs, triggers, netting, cover, buffers."""
