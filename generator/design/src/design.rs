use bitplane_formats::TableLayout;
use bitplane_spec::{Architecture, Precompute, Spec, Table};

use crate::chain::Chain;
use crate::port::{Port, ports, sequenced_ports};
use crate::sequencer::Sequenced;
use crate::shadow::Shadow;
use crate::{
    ActivationRegister, ActivationSum, AddLane, BusPort, Control, Core, DiscreteLane, DotLane,
    FloatEdge, FusedLane, GroupEdge, OperandRegister, PlaneAccumulator, ResultDrain, Rounded,
    Scaling, SelectLane, StepSum, TablePrecompute, TableRegisters, TableRounder, TermLanes, Terms,
    Throughput, TritUnpacker, WeightDecoder, WeightRegister, ZeroPointCorrection,
};

/// Every number of one core.
///
/// ```
/// let text = "kind = \"lut_tensor_core\"\n[activation]\nformat = \"int8\"\n\
///             [weight]\nformat = \"int2\"\n[tile]\nm = 2\nn = 64\nk = 4\n";
/// let spec = bitplane_spec::parse(text, "example").unwrap().spec;
/// let design = bitplane_design::Design::of(&spec);
/// assert_eq!(design.core.accumulator_bits, 22);
/// assert_eq!(design.timing.macs_per_cycle, 256.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    /// What several units share.
    pub core: Core,
    /// Stream control.
    pub control: Control,
    /// Weight register.
    pub weight_register: WeightRegister,
    /// What turns activations and weights into partial sums.
    pub datapath: Datapath,
    /// Accumulators, where lanes have none of their own.
    pub accumulator: Option<PlaneAccumulator>,
    /// Zero-point correction and its activation sums, where configured.
    pub correction: Option<(ActivationSum, Correction)>,
    /// Scales of quantisation groups, where configured.
    pub scaling: Option<Scaling>,
    /// Registers of the quantisation group that drains, where the array goes on.
    pub shadow: Option<Shadow>,
    /// Result drain.
    pub drain: ResultDrain,
    /// The edges of a core with floating-point activations.
    pub float: Option<FloatEdge>,
    /// The tiles that share the work, where several do; then what stands above is that of one tile of their
    /// rows and columns together, and is not built.
    pub chain: Option<Chain>,
    /// What runs whole products on the core, where it takes commands.
    pub sequenced: Option<Sequenced>,
    /// Ports of the top module.
    pub ports: Vec<Port>,
    /// Cycles.
    pub timing: Timing,
    /// Sustained rate at each width of the weights, narrowest first.
    pub throughput: Vec<Throughput>,
}

/// What takes zero points out of sums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Correction {
    /// One zero point for a whole run.
    Run(ZeroPointCorrection),
    /// One for each column and quantisation group.
    Groups(GroupEdge),
}

/// The part in which the kinds differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Datapath {
    /// Table look-up.
    Lut(LutDatapath),
    /// Bit-serial adders.
    Add(AddDatapath),
    /// Multipliers.
    Mac(MacDatapath),
    /// Floating-point multipliers.
    FpMac(FpMacDatapath),
    /// Adders of terms.
    Term(TermDatapath),
}

/// Units of a `lut_tensor_core` or a `lut_conventional`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LutDatapath {
    /// What the tables hold.
    pub layout: TableLayout,
    /// The waiting half of the double buffer.
    pub activation_register: ActivationRegister,
    /// Builds the tables of exact sums, unless they come from outside.
    pub precompute: Option<TablePrecompute>,
    /// Rounds their entries, where they are rounded.
    pub rounder: Option<TableRounder>,
    /// Sum of a row's activations, where rounded entries do not give it.
    pub step_sum: Option<StepSum>,
    /// Units of a core that rounds every sum, instead of that and of the select lane.
    pub rounded: Option<Box<Rounded>>,
    /// Whether every copy of a table has a builder of its own.
    pub builds_copies: bool,
    /// The half that is read.
    pub table_registers: TableRegisters,
    /// Selection of each column and group.
    pub decoder: WeightDecoder,
    /// Look-up and group sum of each row and column, where sums are exact.
    pub lane: Option<SelectLane>,
}

/// Units of an `add_array`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddDatapath {
    /// Activations of the step.
    pub operand_register: OperandRegister,
    /// Adders of each row and column.
    pub lane: AddLane,
}

/// Units of a `mac_array`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MacDatapath {
    /// Activations of the step.
    pub operand_register: OperandRegister,
    /// Multipliers of each row and column.
    pub lane: DotLane,
}

/// Units of an `fp_mac_array`, whose lanes have their accumulators in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FpMacDatapath {
    /// Activations of the step.
    pub operand_register: OperandRegister,
    /// Multipliers and accumulator of each row and column.
    pub lane: FpLane,
}

/// Lane of an `fp_mac_array`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FpLane {
    /// Products are aligned.
    Fused(FusedLane),
    /// Every product and every sum is rounded.
    Discrete(Box<DiscreteLane>),
}

impl FpLane {
    fn of(core: &Core, spec: &Spec) -> Self {
        match spec.rounded_products() {
            None => Self::Fused(FusedLane::of(core, spec)),
            Some(product) => Self::Discrete(Box::new(DiscreteLane::of(core, spec, product))),
        }
    }
}

/// Units of a `bitmod_tile`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermDatapath {
    /// Activations of the step.
    pub operand_register: OperandRegister,
    /// Heads, encoders and lanes.
    pub terms: Terms,
}

/// Cycles and throughput.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// From the cycle that accepts a run's last weight beat to the one that offers the first
    /// result beat, nothing stalling.
    pub latency_cycles: u32,
    /// Cycles of every run (where there are quantisation groups, of every group) in which no weight
    /// plane is consumed, results taken at once.
    pub stall_cycles: u32,
    /// Multiply-accumulates a cycle at the configured weight width, stalls left out.
    pub macs_per_cycle: f64,
    /// Those of quantisation groups, where there are such groups.
    pub group: Option<GroupTiming>,
}

/// Cycles of whole quantisation groups in a run that never waits for its streams.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupTiming {
    /// Elements of K that count.
    pub size: u64,
    /// K-steps.
    pub steps: u64,
    /// Weight beats, the one of zero points among them.
    pub weight_beats: u64,
    /// Cycles from one group to the next: the planes of its k-steps and the stall.
    pub cycles: u64,
    /// Cycles of its drain with the beat behind its planes.
    pub drain_cycles: u32,
    /// Cycles of the drain of a run's last group, which gives results: more where tiles share the port for
    /// them.
    pub result_cycles: u32,
    /// Cycles in which the results of a run pass the port.
    pub port_cycles: u32,
    /// Multiply-accumulates a cycle, stalls and empty places counted.
    pub macs_per_cycle: f64,
}

impl GroupTiming {
    fn of(spec: &Spec, core: &Core, drain: &ResultDrain) -> Option<Self> {
        let (size, steps) = (spec.quantisation_group?.size, core.group_steps?);
        let planes = steps * u64::from(core.cycles_per_step);
        let cycles = drain.group_cycles(core, planes + u64::from(core.heads));
        let work = core.lanes() as f64 * size as f64;
        Some(Self {
            size,
            steps,
            weight_beats: spec.weight_beats_of(spec.weight, steps),
            cycles,
            drain_cycles: drain.group_cycles(core, 0) as u32,
            result_cycles: drain.group_cycles(core, 0) as u32,
            port_cycles: drain.positions,
            macs_per_cycle: work / cycles as f64,
        })
    }
}

/// A unit and how often it stands in the core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitCount {
    /// Unit name, which is also the module's name after the prefix.
    pub unit: &'static str,
    /// Instances.
    pub count: u64,
    /// Predicted flip-flops of all instances.
    pub flops: u64,
}

impl Design {
    /// Derives everything from `spec`.
    pub fn of(spec: &Spec) -> Self {
        let whole = Self::of_one(spec);
        match spec.chain.tiles() {
            1 => whole,
            _ => whole.chained(spec),
        }
    }

    /// As several tiles, whose cycles are those of one of them.
    fn chained(mut self, spec: &Spec) -> Self {
        let chain = Chain::of(spec, &self);
        let tiles = f64::from(spec.chain.tiles());
        let of_a_tile = chain.tile.timing;
        let waits = chain.result_wait(&self.core);
        self.timing = Timing {
            latency_cycles: Chain::LATENCY + of_a_tile.latency_cycles,
            macs_per_cycle: self.timing.macs_per_cycle,
            group: of_a_tile.group.map(|group| GroupTiming {
                result_cycles: group.drain_cycles + waits,
                port_cycles: self.drain.positions,
                macs_per_cycle: tiles * group.macs_per_cycle,
                ..group
            }),
            ..of_a_tile
        };
        self.chain = Some(chain);
        self
    }

    /// Everything of `spec` as one tile.
    pub(crate) fn of_one(spec: &Spec) -> Self {
        let core = Core::of(spec);
        let control = Control::of(&core);
        let datapath = Datapath::of(spec, &core);
        let partial_bits = datapath.partial_bits();
        let drain = ResultDrain::of(&core);
        let word_bits = spec.weight_word_bits();
        let float = FloatEdge::of(&core, spec);
        let scaling = Scaling::of(&core, spec, &drain);
        // Scaled results are rounded when they are added.
        let rounding = match &scaling {
            Some(_) => Scaling::STAGES,
            None => float.as_ref().map_or(0, FloatEdge::latency),
        };
        let core_ports = ports(spec, &core);
        let group = GroupTiming::of(spec, &core, &drain);
        let planes = |group: GroupTiming| group.steps * u64::from(core.cycles_per_step);
        let correction =
            datapath.summed(&core).and_then(|summed| correction(spec, &core, &drain, summed));
        Self {
            weight_register: WeightRegister {
                data_bits: core.n * core.groups * word_bits,
                unpacker: TritUnpacker::of(spec),
                bus: BusPort::of(spec.bus.weight, spec.weight_beat_bits()),
                word_bits,
                offers_next: matches!(datapath, Datapath::Term(_)),
            },
            accumulator: partial_bits
                .map(|bits| PlaneAccumulator::of(&core, spec, control.plane_bits, bits)),
            shadow: Shadow::of(&core, spec, correction.as_ref().map(|(sum, _)| sum.sum_bits)),
            correction,
            ports: match spec.sequencer {
                None => core_ports.clone(),
                Some(_) => sequenced_ports(spec, &core, &core_ports),
            },
            chain: None,
            sequenced: Sequenced::of(&core, spec, &control, core_ports),
            timing: Timing {
                // Zero points are taken while the plane before them is looked up.
                latency_cycles: 2 + drain.settle_cycles
                    - u32::from(core.per_group() && !core.shadow)
                    + rounding,
                stall_cycles: group
                    .map_or(drain.busy_cycles(), |group| (group.cycles - planes(group)) as u32),
                macs_per_cycle: core.lanes() as f64 * f64::from(core.elements_per_step)
                    / f64::from(core.cycles_per_step),
                group,
            },
            throughput: Throughput::of(&core, spec),
            scaling,
            control,
            datapath,
            drain,
            float,
            core,
        }
    }

    /// Units in the order of the data path.
    pub fn units(&self) -> Vec<UnitCount> {
        let core = &self.core;
        let mut units = Vec::new();
        if let Some(sequenced) = &self.sequenced {
            units.push(unit("sequencer", 1, sequenced.sequencer.flops(core)));
            units.extend(sequenced.detector.iter().map(|_| unit("zero_detector", 1, 0)));
            let buffers = sequenced.buffers.all();
            units.extend(
                buffers.map(|(stream, buffer)| unit(buffer_unit(stream), 1, buffer.flops())),
            );
            units.push(unit("core", 1, 0));
        }
        match &self.chain {
            Some(chain) => units.extend(chain.units(core)),
            None => units.extend(self.units_of_core()),
        }
        let edge = self.sequenced.as_ref().map(|sequenced| &sequenced.edge);
        units.extend(edge.map(|edge| unit("result_edge", 1, edge.flops())));
        units
    }

    fn units_of_core(&self) -> Vec<UnitCount> {
        let core = &self.core;
        let lanes = core.lanes();
        let mut units = vec![unit("control", 1, self.control.flops(core))];
        for (name, bus) in
            [("activation_bus", self.datapath.bus()), ("weight_bus", &self.weight_register.bus)]
        {
            if bus.is_narrow() {
                units.push(unit(name, 1, bus.beat_bits.into()));
            }
        }
        match &self.datapath {
            Datapath::Lut(lut) => units.extend(lut.units(core)),
            Datapath::Add(add) => units.extend(add.units(core)),
            Datapath::Mac(mac) => units.extend(mac.units(core)),
            Datapath::FpMac(mac) => units.extend(mac.units(core)),
            Datapath::Term(term) => units.extend(term.units(core)),
        }
        if self.weight_register.unpacker.is_some() {
            units.push(unit("trit_unpacker", core.n.into(), 0));
        }
        units.push(unit("weight_register", 1, self.weight_register.data_bits.into()));
        if self.accumulator.is_some() {
            units.push(unit("plane_accumulator", lanes, core.lane_bits().into()));
        }
        if let Some((sum, correction)) = &self.correction {
            units.push(unit("activation_sum", core.m.into(), sum.sum_bits.into()));
            units.extend(correction.units(core));
        }
        if let Some(scaling) = &self.scaling {
            units.extend(scaling.units(core));
        }
        if let Some(shadow) = &self.shadow {
            units.extend(shadow.units(core));
        }
        units.push(unit("result_drain", 1, self.drain.flops(core)));
        if let Some(edge) = &self.float {
            units.extend(edge.units(core));
        }
        units
    }

    /// Predicted flip-flops of the whole core.
    pub fn flops(&self) -> u64 {
        self.units().iter().map(|unit| unit.flops).sum()
    }
}

fn correction(
    spec: &Spec,
    core: &Core,
    drain: &ResultDrain,
    (terms, term_bits): (u32, u32),
) -> Option<(ActivationSum, Correction)> {
    if !core.sums_activations() {
        return None;
    }
    let sum = ActivationSum::of(core, spec, terms, term_bits);
    let correction = if core.per_group() {
        Correction::Groups(GroupEdge::of(core, spec, &sum, drain))
    } else {
        Correction::Run(ZeroPointCorrection::of(core, spec, &sum))
    };
    Some((sum, correction))
}

impl Correction {
    fn units(&self, core: &Core) -> Vec<UnitCount> {
        match self {
            Self::Run(unit_of_run) => {
                vec![unit("zero_point_correction", 1, unit_of_run.flops(core))]
            }
            Self::Groups(edge) => {
                let columns = u64::from(core.drain);
                let accumulator = edge.accumulator.as_ref();
                let accumulator = accumulator
                    .map(|each| unit("group_accumulator", columns, each.data_bits.into()));
                let dequantiser = unit("dequantiser", columns, edge.dequantiser.flops());
                [unit("zero_point_select", 1, 0), dequantiser]
                    .into_iter()
                    .chain(accumulator)
                    .collect()
            }
        }
    }
}

fn buffer_unit(stream: &str) -> &'static str {
    if stream == "weight" { "weight_buffer" } else { "activation_buffer" }
}

pub(crate) fn unit(unit: &'static str, count: u64, flops_of_one: u64) -> UnitCount {
    UnitCount { unit, count, flops: count * flops_of_one }
}

impl Datapath {
    fn of(spec: &Spec, core: &Core) -> Self {
        match &spec.architecture {
            Architecture::LookUp(table) => {
                let layout = spec.table_layout().expect("a kind with tables has a layout");
                Self::Lut(LutDatapath::of(spec, core, table, layout))
            }
            Architecture::AddArray => Self::Add(AddDatapath {
                operand_register: OperandRegister::of(spec),
                lane: AddLane::of(core, spec),
            }),
            Architecture::MacArray => Self::Mac(MacDatapath {
                operand_register: OperandRegister::of(spec),
                lane: DotLane::of(core, spec),
            }),
            Architecture::FpMacArray => Self::FpMac(FpMacDatapath {
                operand_register: OperandRegister::of(spec),
                lane: FpLane::of(core, spec),
            }),
            Architecture::BitmodTile(terms) => Self::Term(TermDatapath {
                operand_register: OperandRegister::of(spec),
                terms: Terms::of(core, spec, terms),
            }),
        }
    }

    /// Width of the partial sums that lanes give to accumulators.
    fn partial_bits(&self) -> Option<u32> {
        match self {
            Self::Lut(lut) => lut.lane.as_ref().map(|lane| lane.partial_bits),
            Self::Add(add) => Some(add.lane.partial_bits),
            Self::Mac(mac) => Some(mac.lane.partial_bits),
            Self::Term(term) => match &term.terms.lanes {
                TermLanes::Aligned(lane) => Some(lane.partial_bits),
                TermLanes::Float(_) => None,
            },
            Self::FpMac(_) => None,
        }
    }

    /// The port that activations or tables come through.
    pub fn bus(&self) -> &BusPort {
        match self {
            Self::Lut(lut) => &lut.activation_register.bus,
            Self::Add(add) => &add.operand_register.bus,
            Self::Mac(mac) => &mac.operand_register.bus,
            Self::FpMac(mac) => &mac.operand_register.bus,
            Self::Term(term) => &term.operand_register.bus,
        }
    }

    /// How many numbers of which width add up to a step's sum of activations: the last entry of
    /// every table adds its group's, where there are no tables they are summed one by one.
    fn summed(&self, core: &Core) -> Option<(u32, u32)> {
        match self {
            Self::Lut(lut) => {
                let of_step = lut.step_sum.as_ref().map(|sum| (1, sum.bits));
                of_step.or(Some((core.groups, lut.layout.entry_bits)))
            }
            Self::Add(_) => Some((core.elements_per_step, core.activation_bits)),
            Self::Mac(_) | Self::FpMac(_) | Self::Term(_) => None,
        }
    }
}

impl LutDatapath {
    fn of(spec: &Spec, core: &Core, table: &Table, layout: TableLayout) -> Self {
        let decoder = WeightDecoder::of(spec, table, layout);
        let rounded = Rounded::of(core, spec, &decoder, layout).map(Box::new);
        let group_bits = rounded.as_ref().map(|rounded| rounded.tables.held_bits);
        let activation_register = ActivationRegister::of(spec, table, group_bits);
        let builds = activation_register.masked && rounded.is_none();
        let exact = rounded.is_none();
        let exact_layout = spec.exact_layout().unwrap_or(layout);
        let rounds_entries = exact_layout != layout;
        Self {
            layout,
            precompute: builds.then(|| TablePrecompute::of(core, spec, exact_layout)),
            rounder: TableRounder::of(spec, exact_layout, layout).filter(|_| builds),
            step_sum: (rounds_entries && core.sums_activations()).then(|| StepSum::of(core)),
            builds_copies: table.precompute == Precompute::Local && table.copies > 1,
            activation_register,
            table_registers: TableRegisters::of(core, layout),
            lane: exact.then(|| SelectLane::of(core, spec, &decoder, layout)),
            rounded,
            decoder,
        }
    }

    fn units(&self, core: &Core) -> Vec<UnitCount> {
        let (rows, columns) = (u64::from(core.m), u64::from(core.n));
        let groups = u64::from(core.groups);
        let mut units = vec![unit("activation_register", 1, self.activation_register.flops(core))];
        let copies = if self.builds_copies { core.copies.into() } else { 1 };
        if self.precompute.is_some() {
            units.push(unit("table_precompute", rows * groups * copies, 0));
        }
        units.extend(self.rounder.iter().map(|_| unit("table_rounder", rows * groups * copies, 0)));
        units.extend(self.step_sum.iter().map(|each| unit("step_sum", rows, each.bits.into())));
        units.extend(self.rounded.iter().flat_map(|each| each.tables.units(core, copies)));
        let banks = rows * u64::from(core.copies);
        let exact = self.precompute.as_ref().map(|precompute| precompute.repeated_bits);
        let rounded = self.rounded.as_ref().map(|rounded| rounded.tables.repeated_bits);
        let repeated = exact.or(rounded).filter(|_| core.copies == 1);
        let bank = self.table_registers.data_bits - core.groups * repeated.unwrap_or(0);
        units.push(unit("table_registers", banks, bank.into()));
        units.push(unit("weight_decoder", columns * groups, 0));
        let lanes = core.lanes();
        units.extend(self.lane.as_ref().map(|lane| {
            let flops = lane.flops(core);
            UnitCount { unit: "select_lane", count: lanes, flops }
        }));
        if let Some(rounded) = &self.rounded {
            units.push(unit("rounded_select_lane", lanes, rounded.lane.flops(core)));
            units.push(unit("number_encoder", core.drain.into(), 0));
        }
        units
    }
}

impl FloatEdge {
    fn units(&self, core: &Core) -> Vec<UnitCount> {
        let elements = u64::from(core.m) * u64::from(core.elements_per_step);
        let tables = self.scanner.as_ref().and_then(|scanner| scanner.tables.as_ref());
        let tables = tables.map(|_| unit("table_exponent", u64::from(core.m * core.groups), 0));
        let aligners = self.aligner.as_ref().map(|_| unit("aligner", elements, 0));
        let aligners = aligners.into_iter().chain(tables);
        let scanner =
            self.scanner.as_ref().map(|each| unit("exponent_scanner", 1, each.flops(core)));
        let Some(rounder) = &self.rounder else {
            return aligners.chain(scanner).collect();
        };
        let lanes = unit("fixed_to_float", core.drain.into(), rounder.lane.flops());
        let rounder = unit("result_rounder", 1, rounder.flops(core));
        aligners.chain(scanner).chain([lanes, rounder]).collect()
    }
}

impl Shadow {
    fn units(&self, core: &Core) -> Vec<UnitCount> {
        let rows = self.row.map(|row| unit("shadow_row", core.m.into(), row.bits.into()));
        let lanes = unit("shadow_lane", core.lanes(), self.lane.bits.into());
        [Some(lanes), rows, Some(unit("group_register", 1, self.group.flops(core)))]
            .into_iter()
            .flatten()
            .collect()
    }
}

impl Scaling {
    fn units(&self, core: &Core) -> Vec<UnitCount> {
        let columns = u64::from(core.drain);
        vec![
            unit("scale_select", 1, 0),
            unit("group_scaler", columns, self.scaler.flops()),
            unit("floating_point_adder", columns, self.adder.flops()),
            unit("scaled_accumulator", columns, self.accumulator.data_bits.into()),
            unit("scale_pipeline", 1, self.pipeline.flops(core)),
        ]
    }
}

impl AddDatapath {
    fn units(&self, core: &Core) -> Vec<UnitCount> {
        vec![
            unit("operand_register", 1, self.operand_register.flops(core)),
            unit("add_lane", core.lanes(), self.lane.flops(core)),
        ]
    }
}

impl MacDatapath {
    fn units(&self, core: &Core) -> Vec<UnitCount> {
        vec![
            unit("operand_register", 1, self.operand_register.flops(core)),
            unit("dot_lane", core.lanes(), self.lane.flops(core)),
        ]
    }
}

impl TermDatapath {
    fn units(&self, core: &Core) -> Vec<UnitCount> {
        let Terms { head, encoder, lanes } = &self.terms;
        let head = head.as_ref().map(|head| unit("group_head", 1, head.flops()));
        let lanes = match lanes {
            TermLanes::Aligned(lane) => {
                vec![unit("term_lane", core.lanes(), lane.flops(core))]
            }
            TermLanes::Float(float) => vec![
                unit("float_operands", core.m.into(), float.operands.flops()),
                unit("float_adder", core.lanes(), 0),
                unit("float_term_lane", core.lanes(), float.lane.flops(core)),
            ],
        };
        [Some(unit("operand_register", 1, self.operand_register.flops(core))), head]
            .into_iter()
            .flatten()
            .chain([unit("term_encoder", core.n.into(), encoder.flops())])
            .chain(lanes)
            .collect()
    }
}

impl FpMacDatapath {
    fn units(&self, core: &Core) -> Vec<UnitCount> {
        let (rows, columns, k) = (u64::from(core.m), u64::from(core.n), u64::from(core.k));
        let decoder_flops = match &self.lane {
            FpLane::Fused(_) => [0, 0],
            FpLane::Discrete(lane) => {
                [lane.multiplier.activation.flops(), lane.weight_decoder_flops()]
            }
        };
        let mut units = vec![
            unit("operand_register", 1, self.operand_register.flops(core)),
            unit("activation_decoder", rows * k, decoder_flops[0]),
            unit("weight_decoder", columns * k, decoder_flops[1]),
        ];
        match &self.lane {
            FpLane::Fused(lane) => {
                units.push(unit("fused_lane", core.lanes(), lane.flops(core)));
            }
            FpLane::Discrete(lane) => {
                units.extend(lane.units(core));
            }
        }
        units
    }
}
