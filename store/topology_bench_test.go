package store

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func benchKey(i int) string {
	key := sha256.Sum256([]byte(fmt.Sprint(i)))
	return keyText(&key)
}

// benchMesh is n nodes, each with eight neighbours.
func benchMesh(n int) *topology {
	top := &topology{}
	for i := range n {
		top.addNode(benchKey(i))
		for j := range 4 {
			top.addEdge(benchKey(i), benchKey((i*7+j*131+1)%n))
		}
	}
	top.commit()
	return top
}

func BenchmarkResolve(b *testing.B) {
	top := benchMesh(50_000)
	for _, bc := range []struct{ hops, size int }{{3, 1}, {3, 2}, {63, 1}, {32, 2}, {8, 8}} {
		b.Run(fmt.Sprintf("%d hops of %d bytes", bc.hops, bc.size), func(b *testing.B) {
			l := &ledger{topology: top}
			var hops strings.Builder
			p := top.find(benchKey(1))
			o := &Observation{HopSize: bc.size, Sender: parseKey(p.key)}
			for i := range bc.hops {
				p = p.neighbours.nodes[i%len(p.neighbours.nodes)]
				hops.WriteString(p.key[:2*bc.size])
			}
			o.Hops = parseHex(hops.String())
			b.ReportAllocs()
			for b.Loop() {
				l.resolve(o)
			}
		})
	}
}

func BenchmarkLoadTopology(b *testing.B) {
	for _, edges := range []int{0, 200_000} {
		b.Run(fmt.Sprintf("50000 nodes, %d edges", edges), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "bench.db")
			fillMesh(b, path, 50_000, edges)
			conn, err := openWriteConn(b.Context(), writerDSN(path, "rw", DefaultOptions()))
			if err != nil {
				b.Fatal(err)
			}
			defer conn.close()
			b.ReportAllocs()
			for b.Loop() {
				if err := conn.use(func() error { _, err := loadTopology(conn); return err }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func fillMesh(b *testing.B, path string, nodes, edges int) {
	s, err := Open(b.Context(), path, DefaultOptions())
	if err != nil {
		b.Fatal(err)
	}
	s.Close()
	conn, err := openWriteConn(b.Context(), writerDSN(path, "rw", DefaultOptions()))
	if err != nil {
		b.Fatal(err)
	}
	defer conn.close()
	err = conn.use(func() error {
		if _, err := conn.exec("BEGIN"); err != nil {
			return err
		}
		for i := range nodes {
			if _, err := conn.exec(insertNode, benchKey(i), "A node", "repeater", 47.5, -122.5, noonText, noonText, int64(1), nil, nil, int64(0), nil); err != nil {
				return err
			}
		}
		for i := range edges {
			x, y := benchKey(i%nodes), benchKey((i*7+i/nodes*131+1)%nodes)
			if _, err := conn.exec(upsertEdge, min(x, y), max(x, y), int64(1), noonText, noonText); err != nil {
				return err
			}
		}
		_, err := conn.exec("COMMIT")
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}
