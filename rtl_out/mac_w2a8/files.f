rtl/mac_w2a8_control.sv
rtl/mac_w2a8_weight_register.sv
rtl/mac_w2a8_operand_register.sv
rtl/mac_w2a8_dot_lane.sv
rtl/mac_w2a8_plane_accumulator.sv
rtl/mac_w2a8_result_drain.sv
rtl/mac_w2a8.sv
