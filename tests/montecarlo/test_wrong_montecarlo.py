"""Wrong formulas put into the training on purpose: the check that is named must go red."""

import numpy as np
import pytest

from gandyn import LinearGenerator, parse
from gandyn.montecarlo import exact, initial, optimizers, segments, streams
from gandyn.montecarlo.discriminators import LOSSES
from gandyn.montecarlo.networks import Networks, Relu, Tanh
from gandyn.montecarlo.optimizers import Adam, Momentum, RMSProp
from gandyn.montecarlo.segments import Segments
from gandyn.montecarlo.streams import Masks
from tests.montecarlo import checks
from tests.montecarlo.checks import (
    RULES,
    check_article_weights,
    check_forward,
    check_gradients,
    check_losses,
    check_masks,
    check_rule,
    check_slopes,
    random_networks,
)
from tests.montecarlo.test_exact import check_against_brute_force

# -- the checks, small


def gradients():
    for activation in ("relu", "tanh"):
        check_gradients((4, 3), activation, "sum")


def thinned_gradients():
    for activation in ("relu", "tanh"):
        check_gradients((4, 3), activation, "sum", dropout=True)


def gradients_of_losses():
    for loss in ("discriminator", "saturating", "nonsaturating"):
        check_gradients((4,), "tanh", loss)


def penalised_gradients():
    check_gradients((4, 3), "relu", "discriminator", l2=0.5)


def gradients_by_segments():
    assert Segments.worthwhile(8, (4, 3))
    check_gradients((4, 3), "relu", "sum", n=8)


def outputs():
    for activation in ("relu", "tanh"):
        check_forward((4, 3), activation)


def rule_of(name):
    def check():
        check_rule(RULES[name])

    check.__name__ = name
    return check


def rules_in_blocks():
    check_rule(RULES["Adam"], (3, 11), steps=5)


def measures():
    theta = np.array([[0.9, -0.4], [2.0, 1.5]])
    data = parse("0.3*N(-1.5, 0.4) + 0.7*N(1, 0.6)")
    for saturating in (False, True):
        for activation in ("relu", "tanh"):
            nets = random_networks((5, 4), activation, 2, 8)
            check_against_brute_force(nets, data, LinearGenerator(), theta, saturating)


CHECKS = [
    gradients,
    thinned_gradients,
    gradients_of_losses,
    penalised_gradients,
    outputs,
    check_losses,
    check_slopes,
    rule_of("RMSProp"),
    rule_of("RMSProp, large epsilon"),
    rule_of("Momentum"),
    rule_of("Nesterov"),
    rule_of("Adam"),
    rules_in_blocks,
    check_masks,
    check_article_weights,
    measures,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_checks_are_green(check):
    check()


def test_the_check_of_segments_is_green(monkeypatch):
    monkeypatch.setattr(segments, "_LEAST", 0.0)
    gradients_by_segments()


# -- wrong formulas


def no_bias_gradient(patch):
    backward = Networks.backward

    def wrong(self, slope, *, parameters=True):
        out = backward(self, slope, parameters=parameters)
        if parameters:
            for part in self.slopes:
                part[:, -1] = 0.0
        return out

    patch.setattr(Networks, "backward", wrong)


def penalty_on_biases(patch):
    def wrong(self, l2):
        for weights, slope in zip(self.weights, self.slopes, strict=True):
            slope += l2 * weights

    patch.setattr(Networks, "penalise", wrong)


def penalty_doubled(patch):
    def wrong(self, l2):
        for weights, slope in zip(self.weights, self.slopes, strict=True):
            slope[:, :-1] += 2.0 * l2 * weights[:, :-1]

    patch.setattr(Networks, "penalise", wrong)


def tanh_not_squared(patch):
    def wrong(self, slope, hidden, mask):
        slope *= 1.0 - np.abs(hidden)

    patch.setattr(Tanh, "pull", wrong)


def relu_without_its_derivative(patch):
    patch.setattr(Relu, "pull", lambda self, slope, hidden, mask: None)


def tanh_of_what_the_mask_left(patch):
    pull = Tanh.pull

    def wrong(self, slope, hidden, mask):
        slope *= 1.0 if mask is None else mask
        pull(self, slope, hidden, None)

    patch.setattr(Tanh, "pull", wrong)


def mask_not_taken_back(patch):
    for activation in (Relu, Tanh):
        pull = activation.pull
        patch.setattr(
            activation,
            "pull",
            lambda self, slope, hidden, mask, pull=pull: pull(self, slope, hidden, None),
        )


def leaky_relu(patch):
    def wrong(self, hidden):
        np.maximum(hidden, 0.1 * hidden, out=hidden)

    patch.setattr(Relu, "apply", wrong)


def falling_units_rise(patch):
    fill = Segments._fill_lines

    def wrong(self):
        fill(self)
        self._falling = np.zeros_like(self._falling)

    patch.setattr(Segments, "_fill_lines", wrong)


def other(loss):
    return next(one for one in LOSSES.values() if one is not loss)


def swapped_saturation(patch):
    slope = checks.generator_slope
    patch.setattr(checks, "generator_slope", lambda logits, loss: slope(logits, other(loss)))


def sum_over_the_minibatch(patch):
    slope = checks.discriminator_slope
    patch.setattr(
        checks, "discriminator_slope", lambda logits: slope(logits) * (logits.shape[1] // 2)
    )


def generator_mean_is_a_sum(patch):
    slope = checks.generator_slope
    patch.setattr(
        checks, "generator_slope", lambda logits, kind: slope(logits, kind) * logits.shape[1]
    )


def real_and_fake_swapped(patch):
    slope = checks.discriminator_slope
    patch.setattr(checks, "discriminator_slope", lambda logits: -slope(-logits[:, ::-1])[:, ::-1])
    loss = checks.discriminator_loss
    patch.setattr(checks, "discriminator_loss", lambda logits: loss(logits[:, ::-1]))


def loss_halved(patch):
    loss = checks.discriminator_loss
    patch.setattr(checks, "discriminator_loss", lambda logits: 0.5 * loss(logits))


def adam_without_correction(patch):
    def wrong(self, p, g, memory, scratch, count):
        m, v = memory
        m[:] = self.beta1 * m + (1 - self.beta1) * g
        v[:] = self.beta2 * v + (1 - self.beta2) * g**2
        p -= self.rate * m / (np.sqrt(v) + self.epsilon)

    patch.setattr(Adam, "_update", wrong)


def adam_counts_from_zero(patch):
    update = Adam._update

    def wrong(self, p, g, memory, scratch, count):
        update(self, p, g, memory, scratch, count + 1)

    patch.setattr(Adam, "_update", wrong)


def rmsprop_epsilon_inside(patch):
    def wrong(self, p, g, memory, scratch, count):
        (v,) = memory
        v[:] = self.decay * v + (1 - self.decay) * g**2
        p -= self.rate * g / np.sqrt(v + self.epsilon)

    patch.setattr(RMSProp, "_update", wrong)


def momentum_with_a_mean(patch):
    def wrong(self, p, g, memory, scratch, count):
        (u,) = memory
        u[:] = self.momentum * u + (1 - self.momentum) * g
        p -= self.rate * (g + self.momentum * u if self.nesterov else u)

    patch.setattr(Momentum, "_update", wrong)


def nesterov_is_plain(patch):
    def wrong(self, p, g, memory, scratch, count):
        (u,) = memory
        u[:] = self.momentum * u + g
        p -= self.rate * u

    patch.setattr(Momentum, "_update", wrong)


def one_block_is_missed(patch):
    step = optimizers.Optimizer.step

    def wrong(self, parameters, gradient, memory, count):
        last = parameters.reshape(-1)[-1:].copy()
        step(self, parameters, gradient, memory, count)
        parameters.reshape(-1)[-1:] = last

    patch.setattr(optimizers.Optimizer, "step", wrong)


def changed_masks(patch, change):
    draw = Masks.draw

    def wrong(self, n):
        masks = draw(self, n)
        for mask in masks:
            mask[..., :-1] = change(mask[..., :-1])
        return masks

    patch.setattr(Masks, "draw", wrong)


def dropout_not_rescaled(patch):
    changed_masks(patch, lambda units: 1.0 * (units > 0.0))


def rate_is_what_is_kept(patch):
    made = Masks.__init__

    def wrong(self, seeds, network, rate, widths, dtype):
        made(self, seeds, network, 1.0 - rate, widths, dtype)

    patch.setattr(Masks, "__init__", wrong)


def one_mask_for_all_points(patch):
    changed_masks(patch, lambda units: units[:, :1])


def replicas_share_a_stream(patch):
    below = streams._below
    patch.setattr(streams, "_below", lambda seed, *key: below(seed, *([0] * len(key))))


def changed_draw(patch, wrong):
    patch.setattr(checks, "draw", wrong)


def article_not_truncated(patch):
    def wrong(name, shape, stream):
        out = 0.1 * stream.standard_normal(shape)
        out[-1] = 0.1
        return out

    changed_draw(patch, wrong)


def article_clipped(patch):
    def wrong(name, shape, stream):
        out = np.clip(0.1 * stream.standard_normal(shape), -0.2, 0.2)
        out[-1] = 0.1
        return out

    changed_draw(patch, wrong)


def article_without_biases(patch):
    def wrong(name, shape, stream):
        out = initial.draw(name, shape, stream)
        out[-1] = 0.0
        return out

    changed_draw(patch, wrong)


def changed_measures(patch, change):
    measure = exact.measure

    def wrong(data, generated, logit, ends, loss, *, force):
        return measure(*change(data, generated, logit, ends, loss), force=force)

    patch.setattr("tests.montecarlo.test_exact.measure", wrong)


def measured_with_the_other_loss(patch):
    changed_measures(patch, lambda *given: (*given[:-1], other(given[-1])))


def measured_logit_of_the_other_sign(patch):
    def change(data, generated, logit, ends, loss):
        return data, generated, lambda x, lane: tuple(-f for f in logit(x, lane)), ends, loss

    changed_measures(patch, change)


def measured_without_the_slope(patch):
    def change(data, generated, logit, ends, loss):
        def flat(x, lane):
            value, slope = logit(x, lane)
            return value, np.ones_like(slope)

        return data, generated, flat, ends, loss

    changed_measures(patch, change)


def measured_across_the_kinks(patch):
    none = np.empty(0), np.empty(0, np.intp)
    changed_measures(patch, lambda *given: (*given[:3], none, given[4]))


def losses_swapped(patch):
    losses = exact._losses
    patch.setattr(exact, "_losses", lambda logit: losses(logit)[::-1])


WRONG = [
    (no_bias_gradient, gradients),
    (no_bias_gradient, gradients_of_losses),
    (penalty_on_biases, penalised_gradients),
    (penalty_doubled, penalised_gradients),
    (tanh_not_squared, gradients),
    (tanh_not_squared, gradients_of_losses),
    (relu_without_its_derivative, gradients),
    (tanh_of_what_the_mask_left, thinned_gradients),
    (mask_not_taken_back, thinned_gradients),
    (leaky_relu, outputs),
    (leaky_relu, gradients),
    (falling_units_rise, gradients_by_segments),
    (swapped_saturation, check_slopes),
    (swapped_saturation, gradients_of_losses),
    (sum_over_the_minibatch, check_slopes),
    (sum_over_the_minibatch, gradients_of_losses),
    (generator_mean_is_a_sum, check_slopes),
    (generator_mean_is_a_sum, gradients_of_losses),
    (real_and_fake_swapped, check_losses),
    (loss_halved, check_losses),
    (loss_halved, check_slopes),
    (adam_without_correction, rule_of("Adam")),
    (adam_counts_from_zero, rule_of("Adam")),
    (rmsprop_epsilon_inside, rule_of("RMSProp")),
    (rmsprop_epsilon_inside, rule_of("RMSProp, large epsilon")),
    (momentum_with_a_mean, rule_of("Momentum")),
    (nesterov_is_plain, rule_of("Nesterov")),
    (one_block_is_missed, rules_in_blocks),
    (dropout_not_rescaled, check_masks),
    (rate_is_what_is_kept, check_masks),
    (one_mask_for_all_points, check_masks),
    (replicas_share_a_stream, check_masks),
    (article_not_truncated, check_article_weights),
    (article_clipped, check_article_weights),
    (article_without_biases, check_article_weights),
    (measured_with_the_other_loss, measures),
    (measured_logit_of_the_other_sign, measures),
    (measured_without_the_slope, measures),
    (measured_across_the_kinks, measures),
    (losses_swapped, measures),
]


@pytest.mark.parametrize(
    ("fault", "check"), WRONG, ids=lambda part: getattr(part, "__name__", None)
)
def test_a_wrong_formula_is_seen(fault, check, monkeypatch):
    if check is gradients_by_segments:
        monkeypatch.setattr(segments, "_LEAST", 0.0)
    fault(monkeypatch)
    with pytest.raises(AssertionError):
        check()
