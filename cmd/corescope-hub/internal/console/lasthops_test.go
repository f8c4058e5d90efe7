package console

import (
	"slices"
	"testing"
)

func TestPointsAreTheMediansOfEachHalfHour(t *testing.T) {
	t.Parallel()
	const half = 1800
	got := bySlot([][3]float64{
		{10*half + 5, 4, -90}, {10*half + 100, -8, -120}, {10*half + 900, 6, -80}, // one slot, out of order
		{12 * half, 1, -100},
	})
	want := [][3]float64{{10*half + 900, 4, -90}, {12*half + 900, 1, -100}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := bySlot(nil); got == nil || len(got) != 0 { // which is [] as JSON
		t.Errorf("no points are %v", got)
	}
}
