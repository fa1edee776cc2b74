import System

/// A folder that goes with its test.
final class Scratch {
  let path: String

  init() throws { path = try Folder.makeTemporary("ewald-service-test") }
  deinit { Folder.removeTree(path) }
}
