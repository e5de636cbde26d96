{% include "rtl/header.sv" %}// Table rounder: entries of {{ unit.entries.entry_bits }} bits of a table's sums of {{ unit.sums.entry_bits }}, in units of 2^{{ unit.dropped_bits }}. An entry is the
// nearest number of units, of two the even one, and never more than {{ unit.phrases.largest }}, so that its negation has
// its width.

`default_nettype none

{% if unit.phrases.copied %}// One for each copy of the table; a hierarchy boundary keeps synthesis from merging them.
(* keep_hierarchy *)
{% endif %}module {{ core.name }}_table_rounder (
  // Sums. {{ unit.phrases.sums_meaning }}
  input  logic {{ core.width(unit.phrases.sums_bits) }} sums_i,

  // Entries. {{ unit.phrases.entries_meaning }}
  output logic {{ core.width(unit.phrases.entries_bits) }} entries_o
);

  localparam int SumBits = {{ unit.sums.entry_bits }};
  localparam int OwnBits = {{ unit.sums.own_bits() }};
  localparam int EntryBits = {{ unit.entries.entry_bits }};
  localparam int DroppedBits = {{ unit.dropped_bits }};

  for (genvar e = 0; e < {{ unit.phrases.entries }}; e++) begin : gen_entry
    logic [SumBits-1:0] sum;
    logic [EntryBits-1:0] below;
    logic is_least, is_largest, round_up;
{% if unit.clips() %}    logic fits;
    logic [EntryBits-1:0] entry;
{% endif %}
    assign sum   = {{ unit.phrases.sum }};
    assign below = sum[DroppedBits +: EntryBits];

    // The least number of units has no negation, and goes up whatever the rest is.
    assign is_least   = (below == {1'b1, {(EntryBits-1){1'b0}}});
    assign is_largest = (below == {1'b0, {(EntryBits-1){1'b1}}});
    assign round_up   = is_least || (sum[DroppedBits-1] && ({{ unit.phrases.rest }}below[0])
                                     && !is_largest);

{% if unit.clips() %}    assign entry      = below + EntryBits'(round_up);

    // The magnitudes of the activations do not add up to more, but where each of them was rounded up.
    assign fits = (&sum[SumBits-1:DroppedBits+EntryBits-1])
                  || !(|sum[SumBits-1:DroppedBits+EntryBits-1]);
    assign entries_o[e*EntryBits +: EntryBits] =
        fits ? entry : {sum[SumBits-1], { (EntryBits-2){!sum[SumBits-1]}}, 1'b1};
{% else %}    assign entries_o[e*EntryBits +: EntryBits] = below + EntryBits'(round_up);
{% endif %}  end

endmodule

`default_nettype wire
