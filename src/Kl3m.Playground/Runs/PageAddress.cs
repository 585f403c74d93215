namespace Kl3m.Playground.Runs;

/// <summary>The links that a page is opened by. Each is taken once: who comes back to the page by it finds what is there now.</summary>
internal sealed class PageAddress(string page)
{
    private string? opened;

    /// <returns>The link, if it could be read at all, and what was wrong with it, in sentences; null where the address says nothing new.</returns>
    public (PageLink? Link, IReadOnlyList<string> Refused)? Open(string address)
    {
        var (link, problems) = PageLink.Read(page, address);
        if ((link is null && problems.Count == 0) || address == opened)
        {
            return null;
        }
        opened = address;
        return (link, [.. problems.Select(problem => $"In the link, {problem.Field} {problem.Message}")]);
    }
}
