using Kl3m.Inference;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Components.Pages.Playground;
using Kl3m.Playground.Runs;
using Kl3m.Playground.Components.Shared;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Kl3m.Playground.Tests.Components.Shell;

/// <summary>A playground state with a model of the test's choice and a clock that stands still until the test moves it.</summary>
internal sealed class StateFixture : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public StateFixture(ITextGenerator? generator = null)
    {
        if (generator is not null)
        {
            Catalogue.Ready(generator);
        }
        State = new(new ChosenModel(Catalogue), new RunStore(new(Options.Create(new RunOptions())), Time), Time, NullLogger<PlaygroundState>.Instance);
        State.ModelChanged();
    }

    public BackendCatalogue Catalogue { get; } = new();

    public FakeTimeProvider Time { get; } = new();

    public PlaygroundState State { get; }

    /// <summary>Waits until the state says so; it is asked at each change.</summary>
    public async Task Until(Func<PlaygroundState, bool> condition)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look()
        {
            if (condition(State))
            {
                reached.TrySetResult();
            }
        }
        State.Changed += Look;
        State.Ticked += Look;
        Look();
        await reached.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        State.Changed -= Look;
        State.Ticked -= Look;
    }

    /// <summary>Lets the typing pause, and waits for the prompt's length.</summary>
    public async Task CountPrompt(int expected)
    {
        Time.Advance(PromptLength.Pause);
        await Until(state => state.PromptTokens == expected);
    }

    public ValueTask DisposeAsync() => State.DisposeAsync();
}
