using Kl3m.Playground.Classroom;
using Kl3m.Playground.Components.Pages.Compare;
using Kl3m.Playground.Components.Pages.Lab;
using Kl3m.Playground.Components.Pages.Playground;
using Kl3m.Playground.Components.Pages.Score;

namespace Kl3m.Playground.Components.Pages.Classroom;

/// <summary>The pages of one visitor that a class can follow, and that can take over what a teacher's page shows.</summary>
internal sealed class VisitorPages : IDisposable
{
    private readonly LabState lab;
    private readonly CompareState compare;
    private readonly ScoreState score;

    public VisitorPages(PlaygroundState playground, LabState lab, CompareState compare, ScoreState score)
    {
        (Playground, this.lab, this.compare, this.score) = (playground, lab, compare, score);
        playground.Changed += TellPlayground;
        lab.Changed += TellLab;
        compare.Changed += TellCompare;
        score.Changed += TellScore;
    }

    /// <summary>The page of this address shows something else now.</summary>
    public event Action<string>? Changed;

    /// <summary>The playground's own scene says more than a view, and crosses nodes.</summary>
    public PlaygroundState Playground { get; }

    public static bool CanFollow(string page) => page is "" or LabState.Address or CompareState.Address or ScoreState.Address;

    /// <summary>What the page shows now; null for the playground, and for pages that cannot be followed.</summary>
    public PageView? ViewOf(string page) => page switch
    {
        LabState.Address => lab.View,
        CompareState.Address => compare.View,
        ScoreState.Address => score.View,
        _ => null,
    };

    /// <summary>Where a page opens with as much of what it shows as an address can say.</summary>
    public string AddressOf(string page) => page switch
    {
        CompareState.Address => compare.Link.Address,
        ScoreState.Address => score.Link.Address,
        _ => page,
    };

    /// <summary>Puts what a teacher's page shows onto this visitor's own.</summary>
    public void Show(PageView view)
    {
        switch (view)
        {
            case LabView shown:
                lab.Show(shown);
                break;
            case CompareView shown:
                compare.Show(shown);
                break;
            case ScoreView shown:
                score.Show(shown);
                break;
        }
    }

    public void Dispose()
    {
        Changed = null;
        Playground.Changed -= TellPlayground;
        lab.Changed -= TellLab;
        compare.Changed -= TellCompare;
        score.Changed -= TellScore;
    }

    private void TellPlayground() => Changed?.Invoke("");

    private void TellLab() => Changed?.Invoke(LabState.Address);

    private void TellCompare() => Changed?.Invoke(CompareState.Address);

    private void TellScore() => Changed?.Invoke(ScoreState.Address);
}
