"""Which rows each wrong formula turns red, flows that it lets run away left out."""

import re

_TABLE = """\
D* weighs p_g twice
    discriminator-stationary discriminator-half-symbolic discriminator-half
    value-convex-symbolic value-is-jsd-symbolic weights-symbolic vanishing-law-symbolic
    disjoint-supports two-normals-force two-normals-converge two-normals-stay-together
JSD without its half
    value-is-jsd-symbolic value-is-jsd jsd-bounds-symbolic nonsaturating-symbolic
    jsd-law-symbolic
the least JSD at a TV by Pinsker
    value-floor
the largest JSD at a TV twice
    value-floor
the non-saturating potential without its two
    nonsaturating-symbolic
the saturating potential as JSD
    value-growth weights-symbolic weights-sum-symbolic weights-engine identity-by-name-symbolic
    potential-is-divergence force-is-weighted-slope conjugates-symbolic variational-bound
    variational-perturbed rates-symbolic rates-engine
Hellinger with another constant
    value-growth weights-symbolic weights-engine identity-by-name-symbolic
    potential-is-divergence force-is-weighted-slope conjugates-symbolic variational-bound
    variational-perturbed rates-engine
both KLs exchanged
    weights-symbolic weights-sum-symbolic weights-engine identity-by-name-symbolic
    potential-is-divergence force-is-weighted-slope conjugates-symbolic variational-bound
    variational-perturbed
an α-divergence without 1/α
    value-growth weights-engine potential-is-divergence force-is-weighted-slope
    conjugates-symbolic variational-bound variational-perturbed rates-engine
w = r f''
    weights-symbolic weights-engine identity-symbolic force-is-weighted-slope
    variational-perturbed
the weight of Hellinger with ½
    weights-symbolic identity-by-name-symbolic
the α-divergence with 1/α
    weights-symbolic identity-by-name-symbolic
the slope of W₂² without its two
    identity-transport-symbolic
the slope of the mean square away from the data
    identity-transport-symbolic
the conjugate of GAN for that of JS
    conjugates-symbolic variational-bound variational-perturbed
the conjugate of KL as exp t
    conjugates-symbolic variational-bound variational-perturbed
growth without its half
    growth-symbolic value-growth
growth with the scale as the place
    growth-symbolic value-growth
the rates of a and b exchanged
    rates-symbolic rates-engine
the rates with σ in place of σ²
    rates-symbolic rates-engine
the rates with k − 1 in place of k
    rates-symbolic rates-engine
the likelihood's force on a with half of the variance
    likelihood-symbolic likelihood-rest
a normal density without its 1/σ
    growth-symbolic likelihood-symbolic rates-symbolic noisy-symbolic normal-kl-symbolic
    normal-hellinger-symbolic normal-chi2-symbolic normal-w2-symbolic
KL of normals twice
    normal-kl-symbolic normal-closed-forms
the affinity of normals without its factor
    normal-hellinger-symbolic normal-closed-forms
χ² of normals the other way round
    normal-chi2-symbolic normal-closed-forms
W₂² of normals with variances
    normal-w2-symbolic normal-closed-forms
a wrong constant in the vanishing force
    vanishing-law-symbolic vanishing-law nonsaturating-does-not-vanish without-noise-stuck
    modes-reverse-seeks
a wrong correction to the vanishing force
    vanishing-law-symbolic vanishing-law nonsaturating-does-not-vanish without-noise-stuck
    modes-reverse-seeks
a wrong correction to the law of JSD
    jsd-law-symbolic jsd-law samples-look-disjoint point-masses-limit
reverse KL rests one per cent wider
    modes-reverse-seeks
the nearly perfect bound with M²
    nearly-perfect
noise of a normal law
    noisy-symbolic noisy-gradient
the bound of W₁ without its two
    smoothed-transport
the bound of W₁ ten times as large
    smoothed-transport
point masses with the JSD of one bit
    point-masses
point masses with a squared distance
    point-masses point-masses-limit
Kramers' rate without its 2π
    kramers-symbolic kramers-passage kramers-barriers
Kramers' rate one per mille off
    kramers-symbolic kramers-passage kramers-barriers
D* a little off
    discriminator-half discriminator-pointwise discriminator-perturbed value-convex
JSD off by 1e-9
    value-is-jsd jsd-bounds jsd-gap disjoint-supports
the gap of JSD off by 1e-9
    jsd-bounds jsd-gap
the gap of JSD as a difference
    jsd-gap
V with log 2 in place of 2 log 2
    value-convex value-is-jsd value-floor value-at-equality disjoint-supports
TV 14 % too large
    value-floor point-masses point-masses-limit normal-equal-widths two-normals-force
TV 14 % too small
    value-floor point-masses point-masses-limit normal-equal-widths two-normals-force
TV off by 1e-8
    value-floor point-masses point-masses-limit normal-equal-widths
negative JSD
    value-convex value-is-jsd value-floor value-at-equality value-growth jsd-bounds jsd-gap
    disjoint-supports
KLs a little off
    modes-price
no force
    value-at-equality likelihood-force likelihood-rest weights-sum force-is-weighted-slope
    gradient-saturating gradient-nonsaturating gradient-reverse_kl gradient-forward_kl
    gradient-jeffreys gradient-pearson gradient-neyman gradient-hellinger gradient-wasserstein1
    gradient-wasserstein2 gradient-mse gradient-alpha(-1.2) gradient-alpha(-0.5)
    gradient-alpha(0.3) gradient-alpha(0.5) gradient-alpha(1.5) gradient-alpha(2.2)
    gradient-bounded-latent fit-forward_kl fit-reverse_kl fit-saturating fit-jeffreys
    fit-pearson flow-descends flow-work vanishing-law vanishing-symmetry
    nonsaturating-does-not-vanish disjoint-supports without-noise-stuck annealed-noise
    point-masses-pull modes-forward-covers modes-reverse-seeks
a stray force of 1e-12
    value-at-equality vanishing-law vanishing-symmetry disjoint-supports without-noise-stuck
    point-masses-pull
the sensitivity to a with a wrong sign
    value-at-equality likelihood-force likelihood-rest force-is-weighted-slope
    gradient-saturating gradient-nonsaturating gradient-reverse_kl gradient-forward_kl
    gradient-jeffreys gradient-pearson gradient-neyman gradient-hellinger gradient-wasserstein1
    gradient-wasserstein2 gradient-mse gradient-alpha(-1.2) gradient-alpha(-0.5)
    gradient-alpha(0.3) gradient-alpha(0.5) gradient-alpha(1.5) gradient-alpha(2.2)
    gradient-bounded-latent vanishing-symmetry disjoint-supports
the saturating force twice
    weights-sum force-is-weighted-slope gradient-saturating gradient-bounded-latent
    vanishing-law disjoint-supports
no boundary terms
    value-at-equality gradient-bounded-latent
half of the non-saturating potential
    value-growth potential-is-divergence gradient-nonsaturating gradient-bounded-latent
    flow-descends flow-work
a Jacobian off by one per mille
    rates-engine
a Jacobian transposed and exchanged
    rates-engine
reverse KL for the non-saturating loss
    value-growth weights-engine weights-sum potential-is-divergence force-is-weighted-slope
    rates-engine nonsaturating-does-not-vanish
the non-saturating loss for the saturating one
    value-at-equality weights-engine weights-sum potential-is-divergence force-is-weighted-slope
    variational-bound fit-saturating vanishing-law vanishing-symmetry disjoint-supports
    without-noise-stuck
a weight one per mille off
    value-growth weights-engine weights-sum potential-is-divergence force-is-weighted-slope
    variational-bound rates-engine vanishing-law disjoint-supports without-noise-stuck
the force of saturating one per mille too large
    weights-sum force-is-weighted-slope gradient-saturating gradient-bounded-latent
    vanishing-law disjoint-supports without-noise-stuck
the force of nonsaturating one per mille too large
    weights-sum force-is-weighted-slope gradient-nonsaturating gradient-bounded-latent flow-work
    nonsaturating-does-not-vanish
the force of reverse_kl one per mille too large
    weights-sum force-is-weighted-slope gradient-reverse_kl gradient-bounded-latent
the force of forward_kl one per mille too large
    likelihood-force likelihood-rest force-is-weighted-slope gradient-forward_kl
the force of jeffreys one per mille too large
    force-is-weighted-slope gradient-jeffreys
the force of pearson one per mille too large
    force-is-weighted-slope gradient-pearson
the force of neyman one per mille too large
    force-is-weighted-slope gradient-neyman gradient-bounded-latent
the force of hellinger one per mille too large
    force-is-weighted-slope gradient-hellinger gradient-bounded-latent
the force of wasserstein1 one per mille too large
    gradient-wasserstein1 point-masses-pull
the force of wasserstein2 one per mille too large
    gradient-wasserstein2 gradient-bounded-latent
the force of mse one per mille too large
    gradient-mse gradient-bounded-latent
the force of alpha(-1.2) one per mille too large
    force-is-weighted-slope gradient-alpha(-1.2) gradient-bounded-latent
the force of alpha(-0.5) one per mille too large
    force-is-weighted-slope gradient-alpha(-0.5) gradient-bounded-latent
the force of alpha(0.3) one per mille too large
    force-is-weighted-slope gradient-alpha(0.3) gradient-bounded-latent
the force of alpha(0.5) one per mille too large
    force-is-weighted-slope gradient-alpha(0.5) gradient-bounded-latent
the force of alpha(1.5) one per mille too large
    force-is-weighted-slope gradient-alpha(1.5)
the force of alpha(2.2) one per mille too large
    force-is-weighted-slope gradient-alpha(2.2)
the potential of forward_kl one per cent too large
    value-growth potential-is-divergence gradient-forward_kl variational-bound fit-forward_kl
the potential of reverse_kl one per cent too large
    value-growth potential-is-divergence gradient-reverse_kl gradient-bounded-latent
    variational-bound fit-reverse_kl
the potential of saturating one per cent too large
    value-growth potential-is-divergence gradient-saturating gradient-bounded-latent
    variational-bound fit-saturating
the potential of jeffreys one per cent too large
    value-growth potential-is-divergence gradient-jeffreys fit-jeffreys
the potential of pearson one per cent too large
    value-growth potential-is-divergence gradient-pearson variational-bound fit-pearson
squared W₂
    normal-closed-forms normal-equal-widths
the gap of two laws off by 1e-5
    jsd-law jsd-numbers samples-look-disjoint noise-mends-disjoint point-masses-limit
the gap of two laws 1.001 times
    jsd-law jsd-numbers samples-look-disjoint noise-mends-disjoint point-masses-limit
finite chi squared
    normal-chi2-infinite
JSD of two laws off by 1e-8
    point-masses normal-jsd
JSD of two laws in bits
    point-masses smoothed-transport normal-jsd
kernel densities of another width
    samples-look-disjoint
a flow that goes back
    fit-forward_kl fit-reverse_kl fit-saturating fit-jeffreys fit-pearson flow-descends
    flow-work without-noise-stuck annealed-noise modes-forward-covers modes-reverse-seeks
a flow that is not accurate
    flow-work annealed-noise modes-reverse-seeks
a flow that moves without a force
    fit-forward_kl fit-reverse_kl fit-saturating fit-jeffreys fit-pearson flow-descends
    flow-work without-noise-stuck annealed-noise modes-forward-covers modes-reverse-seeks
steps that are not where they say
    two-normals-converge two-normals-stay-together
rates of escape one per mille off
    kramers-barriers
barriers one per mille too high
    kramers-barriers
"""

REDS = {
    name: set(rows.split())
    for name, rows in re.findall(r"^(\S.*)\n((?: .*\n)+)", _TABLE, re.MULTILINE)
}
