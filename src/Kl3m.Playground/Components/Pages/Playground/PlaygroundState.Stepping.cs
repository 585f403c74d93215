using Kl3m.Inference;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Playground;

internal sealed partial class PlaygroundState
{
    /// <summary>A slider that moves while tokens play is heard once it rests for so long.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(150);

    private SamplingParams? steeredBy;
    private bool steering;
    private int turns;

    /// <summary>How fast tokens come onto the page.</summary>
    public Pace Pace { get; }

    /// <summary>The bar for stepping and speed is open.</summary>
    public bool IsStepping { get; private set; }

    /// <summary>One token of each continuation; the first step starts the run.</summary>
    public async Task StepAsync()
    {
        IsStepping = true;
        if (IsTurned)
        {
            Pace.Pause();
            await SteerAsync();
            return;
        }
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
        if (IsTurned)
        {
            await SteerAsync();
            return;
        }
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
        if (IsTurned)
        {
            _ = SteerAsync();
        }
        IsStepping = false;
        (Pace.Speed, Pace.SurprisalBits, Pace.EntropyBits) = (null, null, null);
        Pace.Play();
        Changed?.Invoke();
    }

    /// <summary>Settings were changed since the tokens that are stepped through were asked for: the next ones follow those of now.</summary>
    private bool IsTurned => IsStepping && running is not null && steeredBy is { } then && !IsSameDraw(Sampling, then);

    private static bool IsSameDraw(SamplingParams one, SamplingParams other) => one == other with { MaxTokens = one.MaxTokens, Sequences = one.Sequences };

    /// <summary>While tokens play by themselves there is no next step to wait for.</summary>
    private async Task SteerSoonAsync()
    {
        var turn = ++turns;
        if (IsTurned && Pace.IsPlaying)
        {
            await Task.Delay(Rest, time);
            if (turn == turns && IsTurned)
            {
                await SteerAsync();
            }
        }
    }

    /// <summary>
    /// What is shown stays, and each continuation that is not at its end goes on from there with the settings of now and the dice of its
    /// place: branches, so that every token, receipt and replay knows what it was drawn with. What the engine had written ahead was never seen.
    /// </summary>
    private async Task SteerAsync()
    {
        if (steering || Run is not { } run)
        {
            return;
        }
        if (Problems is [var mistake, ..])
        {
            Announcement = mistake.Sentence;
            Changed?.Invoke();
            return;
        }
        steering = true;
        Task going;
        try
        {
            Stop();
            await current;
            var parts = run.Sequences.Where(sequence => sequence.Finished is null)
                .Select(sequence => (Place: new SelectedToken(sequence.Index, sequence.Tokens.Count), Left: Left(run, sequence)))
                .Where(part => part.Left > 0)
                .Select(part => Leave(run, part.Place, [], Sampling with { Seed = Sampling.Seed ?? run.Seed }, part.Left))
                .ToList();
            if (Run != run || parts.Count == 0 || RunGenerator is not { } writer)
            {
                return;
            }
            going = RunAsync(writer, parts);
        }
        finally
        {
            steering = false;
            Changed?.Invoke();
        }
        await going;
    }

    private static int Left(Run run, RunSequence sequence)
    {
        var asked = run.OwnerOf(sequence.Index).Request;
        return asked.CompletionTokenIds.Count + asked.Sampling.MaxTokens - sequence.Tokens.Count;
    }
}
