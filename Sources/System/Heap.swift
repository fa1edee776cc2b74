import CLinux

/// The memory that the C library keeps for the next allocation.
///
/// It holds a heap for every few threads. Frames are analysed on whichever thread is free, and each heap comes to
/// hold what the largest analysis needed: nine parts of ten of it free, none of it given back, for a day.
package enum Heap {
  /// Gives back to the system what is free, everywhere. A few milliseconds.
  package static func giveBack() { linux_trim_heaps() }
}
