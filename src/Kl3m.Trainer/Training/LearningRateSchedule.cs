namespace Kl3m.Trainer.Training;

/// <summary>
/// Factor of the learning rate: a linear warm-up, a plateau, a linear decay to zero (warmup-stable-decay, as in MiniCPM,
/// arXiv 2404.06395). The plateau has no length of its own, so the decay can be begun whenever time is up.
/// </summary>
/// <param name="DecayFrom">The first step of the decay; null while nobody knows.</param>
internal sealed record LearningRateSchedule(int WarmupSteps, int? DecayFrom = null, int DecaySteps = 0)
{
    /// <summary>How many steps the run has in all; null while nobody knows.</summary>
    public int? End => DecayFrom + DecaySteps;

    public bool Decays(int step) => step >= DecayFrom;

    public double Factor(int step)
    {
        var warm = Math.Min(1, (step + 1.0) / (WarmupSteps + 1));
        return Decays(step) ? warm * Math.Max(0, 1 - (step - DecayFrom!.Value + 0.5) / DecaySteps) : warm;
    }
}
