// Package store keeps what messages taught the hub in one SQLite file, in the
// schema of CoreScope, so that CoreScope's web server reads it unchanged.
//
// # Durability
//
// [Store.Append] queues a [Record]; one writer goroutine takes all that is
// queued and commits it as one transaction, with synchronous=FULL in WAL mode.
// A record's done function is called with a nil error only after that COMMIT
// has returned: what was reported as stored survives a power cut. When a
// COMMIT fails it is unknown whether the rows will be there after a crash; then
// done gets [ErrNotCommitted], and the record has to come again, which is
// harmless.
//
// A record is stored whole or not at all. One that SQLite refuses for its
// content alone gets [ErrBadRecord] and takes no other record down with it.
//
// # Identity of rows
//
// A transmission is its hash. An observation is (transmission, observer, path);
// a repeat merges into the row that is there and is reported as
// [Result.Duplicate]. An observer is its id, where 64 hex digits mean the same
// in either case, and observations refer to it by rowid, which the schema
// declares so that VACUUM cannot renumber it. A node is its public key.
//
// Ids of transmissions and observations are given by the writer and committed
// in increasing order: a reader that polls "id > last" misses nothing.
//
// # The mesh
//
// A path hash means whatever nodes have it at the moment it is stored: the
// writer keeps their keys, and who is whose neighbour, in memory, in step with
// the tables. So resolved_path, neighbour edges and the last sight of a relay
// are part of the record's own transaction. A node in inactive_nodes is meant by
// no path hash; only its advert brings it back.
//
// # Files of CoreScope's
//
// [Open] takes over a database of any CoreScope since its schema 3, where
// observations refer to observers by number. It gets in place, in the one
// transaction that opens it, whatever tables, columns, indexes and values it
// lacks, a declared rowid of observers that keeps every number, and the marks
// that tell CoreScope's ingestor that nothing is left to do: it can have the
// file back. A crash, a full disk or a signal meanwhile leaves the file as it
// was. It takes time and free space in proportion to the file: seconds for a
// million observations, and about as much as the file is large.
//
// # Maintenance
//
// [Store.Maintain] retires and removes what [Retention] says is too old. It has
// no way around the writer: what it does is cut into pieces of a few
// milliseconds, each of which joins the transaction of the records that are
// waiting, after them. The WAL is copied into the file beside the writer, by a
// goroutine and a connection of its own.
//
// # Who may write
//
// One Store, held by a lock file beside the database. Any number of programs
// may read at the same time. Another program that writes does no harm to what
// this package believes about the file, it is noticed before each transaction,
// but CoreScope's ingestor and the hub are not meant to run at once.
package store
