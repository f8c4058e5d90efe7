package store

import "testing"

func TestRecentForgetsTheOldest(t *testing.T) {
	c := newRecent[int, int](3)
	for i := range 5 {
		c.put(i, 10*i)
		c.get(0) // keeps being used
	}
	for i := range 100 {
		c.put(100+i, i)
		if v, ok := c.get(0); !ok || v != 0 {
			t.Fatalf("the entry in use was forgotten after %d others", i)
		}
		if n := len(c.young) + len(c.old); n > 6 {
			t.Fatalf("%d entries held, want at most 6", n)
		}
	}
	if _, ok := c.get(1); ok {
		t.Error("an entry not used is still there")
	}
	if v, ok := c.get(199); !ok || v != 99 {
		t.Errorf("the latest entry: %d, %v", v, ok)
	}
	c.clear()
	if _, ok := c.get(0); ok {
		t.Error("an entry is there after clear")
	}
}
