using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Playground;

internal sealed partial class PlaygroundState
{
    /// <summary>How fast tokens come onto the page.</summary>
    public Pace Pace { get; }

    /// <summary>The bar for stepping and speed is open.</summary>
    public bool IsStepping { get; private set; }

    /// <summary>One token of each continuation; the first step starts the run.</summary>
    public async Task StepAsync()
    {
        IsStepping = true;
        Pace.Step();
        Changed?.Invoke();
        if (!IsRunning)
        {
            await GenerateAsync();
        }
    }

    /// <summary>The same within a run; a text that is whole stays as it is.</summary>
    public Task NextTokenAsync() => IsRunning || Run is null ? StepAsync() : Task.CompletedTask;

    public async Task PlayAsync()
    {
        Pace.Play();
        Changed?.Invoke();
        if (!IsRunning && Run is null)
        {
            await GenerateAsync();
        }
    }

    public void PausePlaying()
    {
        Pace.Pause();
        Changed?.Invoke();
    }

    /// <summary>Slower or faster by so many stops of <see cref="Pace.Speeds"/>.</summary>
    public void Hurry(int stops)
    {
        var at = Pace.Speeds.ToList().IndexOf(Pace.Speed);
        Pace.Speed = Pace.Speeds[Math.Clamp((at < 0 ? Pace.Speeds.Count - 1 : at) + stops, 0, Pace.Speeds.Count - 1)];
        Changed?.Invoke();
    }

    /// <summary>Back to full speed, with what is under way.</summary>
    public void LeaveStepping()
    {
        IsStepping = false;
        (Pace.Speed, Pace.SurprisalBits, Pace.EntropyBits) = (null, null, null);
        Pace.Play();
        Changed?.Invoke();
    }
}
