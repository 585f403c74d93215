using Kl3m.Playground.Backends;
using Kl3m.Playground.Classroom;
using Kl3m.Playground.Components.Pages.Classroom;
using Kl3m.Playground.Components.Pages.Compare;
using Kl3m.Playground.Components.Pages.Lab;
using Kl3m.Playground.Components.Pages.Playground;
using Kl3m.Playground.Components.Pages.Score;
using Kl3m.Playground.Runs;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Tests.Classroom;

/// <summary>The pages of one visitor, at one desk.</summary>
internal sealed class TestPages
{
    public TestPages(TestClass rooms, Desk? desk = null, PlaygroundState? playground = null)
    {
        Desk = desk ?? new();
        var chosen = new ChosenModel(rooms.Catalogue, Desk);
        Playground = playground ?? rooms.Playground(Desk);
        Lab = new(chosen, new RunStore(new(Options.Create(new RunOptions())), rooms.Time), rooms.Time, NullLogger<LabState>.Instance);
        Compare = new(chosen, rooms.Time, NullLogger<CompareState>.Instance);
        Score = new(chosen, rooms.Time, NullLogger<ScoreState>.Instance);
        All = new(Playground, Lab, Compare, Score);
    }

    public Desk Desk { get; }

    public PlaygroundState Playground { get; }

    public LabState Lab { get; }

    public CompareState Compare { get; }

    public ScoreState Score { get; }

    public VisitorPages All { get; }
}
