import Testing
import TerminalUI

@Suite struct TerminalDescriptionsTests {
  @Test func `The machine's own descriptions are asked before those that came with the program`() throws {
    let path = try #require(TerminalDescriptions.searchPath(nil, ["/opt/ewald/share/ewald/terminfo"]))
    #expect(path.hasPrefix("/etc/terminfo:") && path.hasSuffix(":/opt/ewald/share/ewald/terminfo"))
  }

  @Test func `What the user has set stays, and a second start adds nothing`() throws {
    let path = try #require(TerminalDescriptions.searchPath("/home/a/terminfo:", ["/t"]))
    #expect(path == "/home/a/terminfo::/t")
    #expect(TerminalDescriptions.searchPath(path, ["/t"]) == nil)
    #expect(TerminalDescriptions.searchPath(nil, []) == nil)
  }
}
