import CLinux

/// The memory that the C library keeps for the next allocation.
///
/// It holds a heap for every few threads. Frames are analysed on whichever thread is free, and each heap comes to
/// hold what the largest analysis needed: nine parts of ten of it free, none of it given back, for a day.
package enum Heap {
  /// For a process that lives for days and holds little: few heaps, and every large piece of memory straight from the
  /// system, to which it goes back when it is free. Left to itself the C library takes the size of the largest frame
  /// so far for small, and keeps as much in each of a dozen heaps. To be called before there is a second thread.
  package static func keepSmall() { linux_keep_heaps_small() }

  /// Gives back to the system what is free, everywhere. A few milliseconds.
  package static func giveBack() { linux_trim_heaps() }
}
