package store

// tellPinned warns the operator once when the WAL grows far over its limit for a
// reader that is not done, and tells when that is over. wal is what a round left.
//
// Rows are safe, and the reader may be right to read; but the disk fills, and
// nothing that the hub does can end another program's transaction.
func (c *checkpointer) tellPinned(wal walState) {
	switch {
	case wal.held < 0: // the writer was copying
	case wal.length >= mostLimits*c.limit && wal.held >= 2*c.limit && !c.pinned:
		c.pinned = true
		c.log.Warn("the database's WAL grows, and is not copied: a program has been reading the database all the while. End its transaction or the program; fuser -v on the file names it",
			"file", c.path+suffixes[theWAL], "bytes", wal.length*pageSize, "limit", c.limit*pageSize)
	case c.pinned && wal.held < c.limit:
		c.pinned = false
		c.log.Info("the database's WAL is copied again", "file", c.path+suffixes[theWAL])
	}
}
