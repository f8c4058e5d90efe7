// Package simulate invents a mesh and publishes what its observers hear: real
// frames, which every MeshCore decoder reads. Adverts are signed, channel
// messages and direct ones sealed, and each packet floods from repeater to
// repeater, so that several observers hear it, each on its own paths.
//
// The same options make the same mesh, and the same start the same messages, but
// for what a broker makes of them.
package simulate
