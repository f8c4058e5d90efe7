package store

// recent is a map of the most recently used entries: at least size of them, at
// most twice as many. It keeps two generations and drops the older one whole
// when the younger is full, which costs nothing per entry.
type recent[K comparable, V any] struct {
	size       int
	young, old map[K]V
}

func newRecent[K comparable, V any](size int) *recent[K, V] {
	return &recent[K, V]{size: size, young: make(map[K]V)}
}

func (c *recent[K, V]) get(key K) (V, bool) {
	if v, ok := c.young[key]; ok {
		return v, true
	}
	v, ok := c.old[key]
	if ok {
		c.put(key, v)
	}
	return v, ok
}

func (c *recent[K, V]) put(key K, v V) {
	if _, ok := c.young[key]; !ok && len(c.young) >= c.size {
		c.old, c.young = c.young, make(map[K]V, c.size)
	}
	c.young[key] = v
}

func (c *recent[K, V]) remove(key K) {
	delete(c.young, key)
	delete(c.old, key)
}

func (c *recent[K, V]) clear() {
	c.old, c.young = nil, make(map[K]V)
}
