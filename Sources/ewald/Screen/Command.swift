import TerminalUI

/// Where keys have a meaning of their own. Menus, prompts and forms take all keys themselves.
package enum Context: String, CaseIterable, Sendable {
  case live, frame, map, latent, segments
}

/// Everything a key, the palette or the help screen can start.
package enum Action: String, CaseIterable, Sendable {
  case quit, help, palette, redraw
  case open, liveView, frameView, mapView, latentView, segmentsView, back, nextPane, zoom
  case down, up, pageDown, pageUp, first, last, nextFrame, previousFrame, follow
  case nextImage, previousImage, nextCandidate, previousCandidate, blink, alone
  case probeLeft, probeRight, probeUp, probeDown
  case nextCrystal, previousCrystal, joinCrystals, splitCrystal, dropCrystal, lowerThreshold, raiseThreshold
  case nextSpot, previousSpot
  case nextAxes, previousAxes, nextShade
  case mark, markAll, unmarkAll, tag, untag, note, exclude
  case filter, sort
  case reanalyse, undo, redo, retry
  case acknowledge, acknowledgeAll
  case colourMap, glyphs, contrast, autoscale, crosshair
  case export
  case stepBack, stepForward
}

/// One row of the only table of commands: keys, hints, help, palette and the README come from it.
package struct Command: Sendable {
  package let action: Action
  package let keys: [Key]
  package let title: String
  package let contexts: Set<Context>
  /// The word for the bottom line; nil for what everybody knows.
  package let hint: String?

  init(
    _ action: Action, _ keys: [Key], _ title: String, in contexts: Set<Context> = Set(Context.allCases),
    hint: String? = nil
  ) {
    self.action = action
    self.keys = keys
    self.title = title
    self.contexts = contexts
    self.hint = hint
  }

  package var keyText: String { keys.map(\.name).joined(separator: " ") }
}

private let live: Set<Context> = [.live]
private let frame: Set<Context> = [.frame]
private let map: Set<Context> = [.map]
private let segments: Set<Context> = [.segments]
private let latent: Set<Context> = [.latent]

package let commands: [Command] = [
  Command(.open, [.enter], "open the frame", in: live, hint: "open"),
  Command(.back, [.escape], "back to the list; leave a filter"),
  Command(.mark, [.char("m")], "mark or unmark this frame", hint: "mark"),
  Command(.reanalyse, [.char("r")], "analyse again with other settings, as a new run", hint: "reanalyse"),
  Command(
    .filter, [.char("/")], "show only some frames: kind:frame drift>5 flag:SAT tag:good", hint: "filter"),
  Command(.follow, [.char("F")], "follow the newest frame", hint: "follow"),
  Command(.palette, [.char(":")], "all commands by name; a number goes to that frame", hint: "cmd"),
  Command(.help, [.char("?")], "help", hint: "help"),

  Command(.down, [.char("j"), .down], "one frame down", in: live),
  Command(.up, [.char("k"), .up], "one frame up", in: live),
  Command(.nextFrame, [.char("J")], "the next newer frame"),
  Command(.previousFrame, [.char("K")], "the next older frame"),
  Command(.pageDown, [.pageDown, .ctrl("d")], "a page down"),
  Command(.pageUp, [.pageUp, .ctrl("u")], "a page up"),
  Command(.first, [.char("g"), .home], "the top of the list"),
  Command(.last, [.char("G"), .end], "the bottom of the list"),
  Command(.nextImage, [.char("}")], "the next image of this file"),
  Command(.previousImage, [.char("{")], "the image before, of this file"),
  Command(.nextCandidate, [.char("]")], "the pictures of the next answer; the next map", in: [.frame, .map]),
  Command(
    .previousCandidate, [.char("[")], "the pictures of the answer before; the map before", in: [.frame, .map]),
  Command(.probeLeft, [.char("h"), .left], "the scan position to the left", in: [.map, .segments]),
  Command(.probeDown, [.char("j"), .down], "the scan position below", in: [.map, .segments]),
  Command(.probeUp, [.char("k"), .up], "the scan position above", in: [.map, .segments]),
  Command(.probeRight, [.char("l"), .right], "the scan position to the right", in: [.map, .segments]),
  Command(.liveView, [.char("1")], "live view"),
  Command(.frameView, [.char("2")], "frame view"),
  Command(.mapView, [.char("3")], "map view of a scan"),
  Command(.latentView, [.char("4")], "latent view: the frame among the patterns of its model"),
  Command(.nextAxes, [.char("x")], "the next axes of the latent map", in: latent, hint: "axes"),
  Command(.previousAxes, [.char("X")], "the axes before, of the latent map", in: latent),
  Command(.nextShade, [.char("c")], "colour the latent map by the next quantity", in: latent, hint: "colour"),
  Command(.segmentsView, [.char("5")], "segments view: the crystals of a scan"),
  Command(.nextCrystal, [.char("n")], "the next crystal", in: segments, hint: "crystal"),
  Command(.previousCrystal, [.char("N")], "the crystal before", in: segments),
  Command(
    .joinCrystals, [.char("w")], "join this crystal and another, as a new run", in: segments, hint: "join"),
  Command(
    .splitCrystal, [.char("x")], "split this crystal in two, as a new run", in: segments, hint: "split"),
  Command(.dropCrystal, [.char("D")], "leave this crystal out, as a new run", in: segments),
  Command(
    .nextSpot, [.char("v")], "the dark field of this crystal's next spot, as a new run", in: segments,
    hint: "spot"),
  Command(
    .previousSpot, [.char("V")], "the dark field of the spot before, as a new run", in: segments),
  Command(.lowerThreshold, [.char("<")], "a lower threshold, as a new run", in: segments, hint: "threshold"),
  Command(.raiseThreshold, [.char(">")], "a higher threshold, as a new run", in: segments),
  Command(.nextPane, [.tab], "frames or events: which one the arrows move", in: live),

  Command(.undo, [.char("u")], "accept the run before", hint: "undo"),
  Command(.redo, [.char("U")], "accept the run after"),
  Command(.retry, [.char("R")], "read a refused file again"),
  Command(.acknowledge, [.char("a")], "acknowledge the oldest alarm", hint: "ack"),
  Command(.acknowledgeAll, [.char("A")], "acknowledge all alarms"),

  Command(.markAll, [.char("M")], "mark all that the filter shows"),
  Command(.unmarkAll, [.char("N")], "unmark all", in: [.live, .frame, .map, .latent]),
  Command(.tag, [.char("t")], "tag the marked frames, or this one"),
  Command(.untag, [.char("T")], "remove a tag"),
  Command(.note, [.char(";")], "write a note"),
  Command(.exclude, [.char("!")], "exclude or include; nothing is deleted"),
  Command(.sort, [.char("s")], "sort by time, name, value, verdict"),
  Command(.export, [.char("e")], "write the session's table beside it, as CSV"),

  Command(.zoom, [.char("z")], "the picture over the whole screen"),
  Command(.blink, [.char("b")], "blink: measured and predicted in one place", in: frame, hint: "blink"),
  Command(
    .alone, [.char("d")], "one picture alone: difference, predicted, measured, all", in: frame, hint: "alone"),
  Command(.crosshair, [.char("x")], "read pixel values with h j k l", in: frame, hint: "values"),
  Command(.colourMap, [.char("i")], "next colour map", hint: "colours"),
  Command(.glyphs, [.char("o")], "next picture mode: ASCII, half blocks, quadrants, braille"),
  Command(.contrast, [.char("L")], "logarithmic, linear or root contrast"),
  Command(.autoscale, [.char("S")], "contrast limits: every frame, kept, or fixed"),

  Command(.stepBack, [.char(",")], "replay: one event back"),
  Command(.stepForward, [.char(".")], "replay: one event on"),
  Command(.redraw, [.ctrl("l")], "draw the screen again"),
  Command(.quit, [.char("q")], "quit", hint: "quit"),
]

extension Command {
  package static func bound(to key: Key, in context: Context) -> Command? {
    commands.first { $0.contexts.contains(context) && $0.keys.contains(key) }
  }
}
