import System

/// The inline images of iTerm2: a whole file in one control string.
enum InlineImage {
  /// Over so many cells from the cursor on.
  static func picture(png: [UInt8], cells: Size) -> [UInt8] {
    Array(
      ("\u{1B}]1337;File=inline=1;size=\(png.count);width=\(cells.width);height=\(cells.height);"
        + "preserveAspectRatio=0;doNotMoveCursor=1:" + Base64.text(png) + "\u{07}").utf8)
  }
}
