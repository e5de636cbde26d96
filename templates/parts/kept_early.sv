{% if core.aligns %}      localparam int Low = (r * {{ core.elements_per_step }} + i) * {{ core.activation_bits }};
      localparam int CodeLow = (r * {{ core.elements_per_step }} + i) * {{ core.code_bits }};
      {{ core.name }}_aligner u_aligner (
        .code_i     (activation_data_i[CodeLow +: {{ core.code_bits }}]
                     & { {{ core.code_bits }}{activation_keep_i[i]} }),
{% if core.exponent_bits > 1 %}        .exponent_i (activation_exponents_i[r*{{ core.exponent_bits }} +: {{ core.exponent_bits }}]),
{% endif %}        .aligned_o  ({{ unit.phrases.kept_early }}[Low +: {{ core.activation_bits }}])
      );
{% else %}      localparam int Low = (r * {{ core.elements_per_step }} + i) * {{ core.activation_bits }};
      assign {{ unit.phrases.kept_early }}[Low +: {{ core.activation_bits }}] =
          activation_data_i[Low +: {{ core.activation_bits }}]
          & { {{ core.activation_bits }}{activation_keep_i[i]} };
{% endif %}
