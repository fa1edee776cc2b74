import System

/// What the watcher says about a file or about the folder. Every entry begins with `appeared` or `revised`.
package enum FileChange: Sendable, Hashable {
  case appeared(WatchedFile, FileState)
  case state(FileID, FileState)
  /// Read it, and report the outcome.
  case ready(WatchedFile)
  /// The same file, with all that is known about it, now stands at another path.
  case renamed(FileID, RawPath)
  /// A file that had been read was written anew: a new entry, which waits; the old one stays as it is.
  case revised(WatchedFile, replaces: FileID, how: Rewriting)
  case folder(FolderState)
}

package enum FileState: Sendable, Hashable {
  case waiting(Wait)
  /// Offered to the reader, no outcome yet.
  case ready
  case done
  /// A scan that is being written; what is whole was read.
  case partial
  /// A scan that stopped growing before it was whole.
  case incomplete
  case refused(String)
  /// Another name of the same file, by hard link or symbolic link.
  case sameAs(FileID)
  /// Belongs to another file; never offered.
  case sidecar
  case gone
}

/// What a file waits for.
package enum Wait: Sendable, Hashable {
  /// The name says that it is being copied.
  case temporaryName
  case empty
  case settling
  case sidecar
  /// The link leads nowhere yet.
  case target
  /// The reader found it cut short, for this reason. Tried again, ever more rarely, and at any change.
  case truncated(String)
}

/// How a file that had been read came to differ.
package enum Rewriting: Sendable, Hashable {
  /// The same file, longer: what was there may still be the same.
  case grown
  case rewritten
  /// Another file took its name.
  case replaced
}

/// What the reader made of a file.
package enum ReadOutcome: Sendable, Hashable {
  case done
  /// Cut short, or not to be opened for the moment.
  case truncated(String)
  case refused(String)
  /// Some frames are whole, the rest has not been written.
  case partial
  /// It changed, moved or vanished under the reader: look again, count nothing.
  case changed
}

package enum FolderState: Sendable, Hashable {
  /// How changes are noticed from now on.
  case watched(WatchMethod)
  /// The first look is over; so many files are known.
  case inventory(files: Int)
  /// Deleted or unmounted. Looked for every 2 s; its files are not marked as gone.
  case missing
  case unreadable(String)
  case notResponding(seconds: Int)
  /// Back, or answering again.
  case back
  /// More events than the kernel keeps: everything is looked at again.
  case overflow
  case subfolderUnreadable(RawPath, String)
  /// Below the depth that is watched.
  case subfolderTooDeep(RawPath)
}

package enum WatchMethod: Sendable, Hashable {
  case events
  case polling(PollingReason)
}

package enum PollingReason: Sendable, Hashable {
  case asked
  /// The file system, by name: events of other machines do not reach this one.
  case networkMount(String)
  /// The kernel gives no more watches (fs.inotify.max_user_watches, max_user_instances).
  case watchLimit
  case noEvents(String)
}
