"""Every public name of gandyn and where it lives: read by type checkers, and by `__init__.py`."""
# ruff: noqa: I001  # one block a home

from gandyn import (
    distributions as distributions,
    dynamics as dynamics,
    generators as generators,
    landscape as landscape,
    montecarlo as montecarlo,
    objectives as objectives,
    plots as plots,
    report as report,
    theory as theory,
)
from gandyn.distributions import (
    Distribution as Distribution,
    Laplace as Laplace,
    LocationScale as LocationScale,
    Logistic as Logistic,
    Mixture as Mixture,
    Normal as Normal,
    StudentT as StudentT,
    SymmetricLocationScale as SymmetricLocationScale,
    Uniform as Uniform,
    from_logpdf as from_logpdf,
    from_samples as from_samples,
    from_scipy as from_scipy,
    parse as parse,
)
from gandyn.dynamics import (
    Flow as Flow,
    Iteration as Iteration,
    gradient_flow as gradient_flow,
    iterate as iterate,
    stability_limit as stability_limit,
)
from gandyn.errors import (
    InputError as InputError,
)
from gandyn.game import (
    Discriminator as Discriminator,
    Evaluation as Evaluation,
    Game as Game,
)
from gandyn.generators import (
    Generator as Generator,
    LinearGenerator as LinearGenerator,
    MLPGenerator as MLPGenerator,
)
from gandyn.landscape import (
    Barrier as Barrier,
    Barriers as Barriers,
    Basins as Basins,
    Branch as Branch,
    Branches as Branches,
    BranchPoint as BranchPoint,
    Curve as Curve,
    Cusp as Cusp,
    Equilibria as Equilibria,
    Equilibrium as Equilibrium,
    Fold as Fold,
    Manifold as Manifold,
    MaxwellPoint as MaxwellPoint,
    Merge as Merge,
    PhaseDiagram as PhaseDiagram,
    Raster as Raster,
    Region as Region,
    Separatrices as Separatrices,
    StringPath as StringPath,
    Template as Template,
    barriers as barriers,
    basins as basins,
    branches as branches,
    equilibria as equilibria,
    integrated_basins as integrated_basins,
    phase_diagram as phase_diagram,
    raster as raster,
    separatrices as separatrices,
    string_path as string_path,
    template as template,
)
from gandyn.landscape.modes import (
    Coverage as Coverage,
    coverage as coverage,
)
from gandyn.montecarlo import (
    MLP as MLP,
    SGD as SGD,
    Adam as Adam,
    Comparison as Comparison,
    Momentum as Momentum,
    Noise as Noise,
    RMSProp as RMSProp,
    SamplingError as SamplingError,
    Settings as Settings,
    Training as Training,
    article as article,
    compare as compare,
    gradient_noise as gradient_noise,
    measured_noise as measured_noise,
    sampling_error as sampling_error,
    train as train,
)
from gandyn.objectives import (
    FDivergence as FDivergence,
    Objective as Objective,
    Transport as Transport,
    alpha as alpha,
    objective as objective,
)
from gandyn.pair import (
    Distances as Distances,
    distances as distances,
)
from gandyn.theory import (
    Claim as Claim,
    Verification as Verification,
    verify as verify,
)

__version__: str
