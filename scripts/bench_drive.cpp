// Drives a Verilated look-up array with runs back to back, for scripts/bench: random weights and
// activations, no stalls. Prints the cycles, the processor time, and a checksum of all results, so
// that two descriptions of one array can be compared.
//
// Compile with -DCORE_HEADER='"VNAME.h"' -DCORE=VNAME -DROWS=m -DCOLUMNS=n -DELEMENTS=k*groups
// -DPLANES=b. Argument: the number of runs.

#include CORE_HEADER
#include "verilated.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>

namespace {

constexpr unsigned kSteps = 40;

// Marsaglia's xorshift with 64 bits of state.
struct Random {
  std::uint64_t state;
  std::uint32_t next() {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<std::uint32_t>(state >> 32);
  }
};

void fill(IData& port, Random& random) { port = random.next(); }
void fill(QData& port, Random& random) {
  port = static_cast<QData>(random.next()) << 32;
  port |= random.next();
}
template <std::size_t Words>
void fill(VlWide<Words>& port, Random& random) {
  for (std::size_t i = 0; i < Words; ++i) port[i] = random.next();
}

void add(std::uint64_t& sum, IData word) { sum = (sum ^ word) * 0x100000001b3u; }
void add(std::uint64_t& sum, QData word) {
  add(sum, static_cast<IData>(word));
  add(sum, static_cast<IData>(word >> 32));
}
template <std::size_t Words>
void add(std::uint64_t& sum, const VlWide<Words>& port) {
  for (std::size_t i = 0; i < Words; ++i) add(sum, static_cast<IData>(port[i]));
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned long runs = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1000;
  VerilatedContext context;
  const std::unique_ptr<CORE> core{new CORE{&context}};
  // Two sequences, so that the data does not depend on the order in which beats are taken.
  Random activations{1}, weights{2};
  unsigned activation_step = 0, weight_beat = 0;
  unsigned long done = 0;
  std::uint64_t cycles = 0, checksum = 0xcbf29ce484222325u;

  core->clear_i = 0;
  core->result_ready_i = 1;
  core->activation_valid_i = 0;
  core->weight_valid_i = 0;
  core->activation_rows_i = ROWS;
  core->activation_columns_i = COLUMNS;
  core->activation_zero_point_i = 1;
  core->activation_keep_i = (1u << ELEMENTS) - 1;
  core->rst_ni = 0;
  for (int i = 0; i < 4; ++i) {
    core->clk_i = i & 1;
    core->eval();
  }
  core->rst_ni = 1;

  const auto offer_activation = [&] {
    core->activation_valid_i = 1;
    core->activation_first_i = activation_step == 0;
    core->activation_last_i = activation_step + 1 == kSteps;
    fill(core->activation_data_i, activations);
    activation_step = (activation_step + 1) % kSteps;
  };
  const auto offer_weight = [&] {
    core->weight_valid_i = 1;
    core->weight_last_i = weight_beat + 1 == kSteps * PLANES;
    fill(core->weight_data_i, weights);
    weight_beat = (weight_beat + 1) % (kSteps * PLANES);
  };

  const std::clock_t start = std::clock();
  offer_activation();
  offer_weight();
  while (done < runs) {
    core->clk_i = 0;
    core->eval();
    const bool activation = core->activation_ready_o, weight = core->weight_ready_o;
    if (core->result_valid_o) {
      add(checksum, core->result_data_o);
      done += core->result_last_o;
    }
    core->clk_i = 1;
    core->eval();
    ++cycles;
    if (activation) offer_activation();
    if (weight) offer_weight();
    if (cycles > 1000 + runs * 10 * kSteps * PLANES) {
      std::fprintf(stderr, "the core is stuck\n");
      return EXIT_FAILURE;
    }
  }
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  std::printf("{\"cycles\": %llu, \"seconds\": %.6f, \"checksum\": \"%016llx\"}\n",
              static_cast<unsigned long long>(cycles), seconds,
              static_cast<unsigned long long>(checksum));
  return EXIT_SUCCESS;
}
