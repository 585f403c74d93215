using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;

namespace Kl3m.Playground.Components.Shared;

/// <summary>Tells a page the addresses that lead to it: the one that it was opened by, and those that are followed while it is open.</summary>
public sealed class LinkListener : ComponentBase, IDisposable
{
    [Inject]
    private NavigationManager Navigation { get; set; } = null!;

    /// <summary>Relative to the base; empty is the first page.</summary>
    [Parameter, EditorRequired]
    public required string Page { get; set; }

    [Parameter, EditorRequired]
    public required Action<string> OnAddress { get; set; }

    public void Dispose() => Navigation.LocationChanged -= Follow;

    protected override void OnInitialized() => Navigation.LocationChanged += Follow;

    // Not before: while a page is made on the server nobody knows the fragment.
    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender)
        {
            OnAddress(Navigation.Uri);
        }
    }

    private void Follow(object? sender, LocationChangedEventArgs location)
    {
        if (Navigation.ToBaseRelativePath(location.Location).Split('#', '?')[0] == Page)
        {
            _ = InvokeAsync(() => OnAddress(location.Location));
        }
    }
}
