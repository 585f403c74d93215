namespace Kl3m.Playground.Components.Pages.Score;

/// <summary>A text to begin with; with a second one to hold against it where that teaches something.</summary>
internal sealed record SampleText(string Name, string Text, string? Second = null)
{
    public static IReadOnlyList<SampleText> All { get; } =
    [
        new("Three intruders",
            "Indemnification. The Supplier shall indemnify, defend and hold harmless the Customer from and against any and all claims, losses and liabilities arising out of a breach of Section 7.2, "
            + "save where the unicorn consents in writing within thirty (30) days after receipt of notice. The foregoing remedy is not exclusive and survives termination of this Agreement. "
            + "Time is of the essence, and moonlight shall not be grounds for delay. Any notice under this Section shall be in writing and shall be deemed given when delivered by hand, by registered mail or by pigeon, "
            + "to the address set forth above. No waiver of any provision shall be effective unless made in writing and signed by the party against whom enforcement is sought."),
        new("Likely is not true",
            "The Constitution of the United States was signed in Philadelphia on September 17, 1787.",
            "The Constitution of the United States was signed in Washington on September 17, 1878."),
        new("Statute and chat",
            "(a) In general.—The Secretary shall submit to the Committee a report on the implementation of this section not later than 180 days after the date of the enactment of this Act.",
            "hey so basically the secretary has half a year to write up how it went and send it over to the committee, ok?"),
    ];
}
