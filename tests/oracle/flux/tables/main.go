// Command tables writes function/src/flux/expression/tables.rs: what Go takes for a letter, a digit, and the
// other case of a character. Rust's standard library answers other questions (the Alphabetic property, full case
// mappings of several characters) of another Unicode version.
package main

import (
	"fmt"
	"runtime"
	"strings"
	"unicode"
)

func ranges(name, doc string, holds func(rune) bool) {
	var numbers []string
	start := rune(-1)
	for r := rune(0x80); r <= unicode.MaxRune+1; r++ {
		in := r <= unicode.MaxRune && holds(r)
		if in && start < 0 {
			start = r
		}
		if !in && start >= 0 {
			numbers = append(numbers, fmt.Sprintf("(%#x, %#x)", start, r-1))
			start = -1
		}
	}
	table(name, doc, "(u32, u32)", numbers)
}

// Runs of characters with one distance to their other case, at every place or at every second one.
func mapping(name, doc string, other func(rune) rune) {
	var rows []string
	for r := rune(0x80); r <= unicode.MaxRune; {
		distance := other(r) - r
		if distance == 0 {
			r++
			continue
		}
		last, step := r, rune(1)
		if other(r+1)-(r+1) != distance && other(r+2)-(r+2) == distance {
			step = 2
		}
		for other(last+step)-(last+step) == distance && (step == 1 || other(last+1) == last+1) {
			last += step
		}
		rows = append(rows, fmt.Sprintf("(%#x, %#x, %d, %d)", r, last, step, distance))
		r = last + 1
	}
	table(name, doc, "(u32, u32, u32, i32)", rows)
}

func table(name, doc, kind string, rows []string) {
	fmt.Printf("\n/// %s\n#[rustfmt::skip]\npub(super) const %s: &[%s] = &[\n", doc, name, kind)
	line := "   "
	for _, row := range rows {
		if len(line)+len(row)+2 > 118 {
			fmt.Println(line)
			line = "   "
		}
		line += " " + row + ","
	}
	fmt.Printf("%s\n];\n", line)
}

func main() {
	version := strings.Join(strings.Split(runtime.Version(), ".")[:2], ".")
	fmt.Printf("//! Characters beyond ASCII as %s knows them (Unicode %s), in order of code point.\n", version, unicode.Version)
	fmt.Println("//! Written by `go run ./tables` in `tests/oracle/flux`; do not edit.")
	ranges("NAME", "First and last of each run of letters (category L) and decimal digits (Nd).", func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r)
	})
	mapping("UPPER", "First, last, step, and the distance to the upper case.", unicode.ToUpper)
	mapping("LOWER", "First, last, step, and the distance to the lower case.", unicode.ToLower)
}
