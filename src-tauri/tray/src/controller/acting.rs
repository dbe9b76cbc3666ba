//! What the user and other doors ask for, by menu, notification, icon and local API.

use daypass_api::request::CopyRequest;
use daypass_api::view::Place;
use daypass_api::{ApiError, ErrorCode, Said};
use serde_json::json;
use tokio::time::Instant;

use super::{Controller, Done};
use crate::desktop::{Desktop, DesktopError, DesktopEvent};
use crate::door::Door;
use crate::face::Request;
use crate::menu::Action;
use crate::note::{Attempt, Note};
use crate::shortcut;
use crate::window::Opening;

impl<A: Door, D: Desktop> Controller<A, D> {
    pub(super) fn on_event(&mut self, event: DesktopEvent) {
        match event {
            DesktopEvent::Clicked => self.open_for_user(Place::default()),
            DesktopEvent::Chosen(action) => self.on_action(action),
            DesktopEvent::Shortcut => self.shortcut_pressed(),
            DesktopEvent::Rebound(result) => self.agent.shortcut_is(shortcut::bound(result)),
            DesktopEvent::PaletteEnded { success } => self.palette_ended(success),
            DesktopEvent::TrayHost { present } => self.on_host(present),
            DesktopEvent::WindowEnded { success } => self.window_ended(success),
        }
    }

    fn on_action(&mut self, action: Action) {
        match action {
            Action::Copy { account, session } => self.begin_copy(CopyRequest { account, session }, None),
            Action::ClearClipboard => self.clear_now(),
            Action::Refresh { accounts } => {
                for account in accounts {
                    self.refresh(account);
                }
            }
            Action::Revoke { account, session, forget } => {
                let agent = self.agent.clone();
                let attempt = if forget { Attempt::Forget } else { Attempt::Revoke };
                self.jobs.spawn(async move {
                    let result = agent.revoke(&account, &session, forget).await;
                    Done::Action { account, attempt, result }
                });
            }
            Action::Pause { paused } => {
                let agent = self.agent.clone();
                self.jobs.spawn(async move {
                    let result = agent.change_settings(json!({ "refresh": { "paused": paused } })).await;
                    Done::Action { account: String::new(), attempt: Attempt::Settings, result }
                });
            }
            Action::OpenVault => {
                let agent = self.agent.clone();
                self.jobs.spawn(async move {
                    let result = agent.open_vault().await;
                    Done::Action { account: String::new(), attempt: Attempt::OpenVault, result }
                });
            }
            Action::Open { place } => match place.account.as_deref().filter(|account| !self.knows(account)) {
                Some(account) => self.is_gone(account),
                None => self.open_for_user(place),
            },
            // The loop ends before it comes here.
            Action::Quit => {}
        }
    }

    pub(super) fn on_request(&mut self, request: Request) {
        match request {
            Request::Copy(request, answer) => self.begin_copy(request, Some(answer)),
            Request::Palette(answer) => {
                let _ = answer.send(self.toggle_palette().map_err(|error| error.told()));
            }
            Request::Open(place, answer) => {
                // Whoever asked may have gone away; the window opens all the same.
                let _ = answer.send(self.open(place, false).map_err(|error| error.told()));
            }
        }
    }

    fn refresh(&mut self, account: String) {
        if !self.knows(&account) {
            return self.is_gone(&account);
        }
        let agent = self.agent.clone();
        self.jobs.spawn(async move {
            let result = agent.refresh(&account).await;
            Done::Action { account, attempt: Attempt::Refresh, result }
        });
    }

    /// Whether there is an account of this name. While the vault is shut, nobody can say that there is none.
    fn knows(&self, account: &str) -> bool {
        let snapshot = self.snapshots.borrow();
        let is_shut = snapshot.accounts.is_empty() && snapshot.vault.message().is_some();
        is_shut || snapshot.accounts.iter().any(|one| one.name == account)
    }

    /// What was chosen is about an account that is not here any more: a notification may be older than that.
    pub(super) fn is_gone(&mut self, account: &str) {
        let message = "The account was removed or renamed since this was offered.";
        let error = ApiError::new(ErrorCode::UnknownAccount, message).said(Said::new("note-gone", []));
        self.fail(account, Attempt::Find, &error);
    }

    pub(super) fn fail(&mut self, account: &str, attempt: Attempt, error: &ApiError) {
        self.notify(Note::failed(account, attempt, error, &self.words));
    }

    pub(super) fn open_for_user(&mut self, place: Place) {
        if let Err(error) = self.open(place, true) {
            self.desktop.say(&error.to_string());
            self.fail("", Attempt::OpenWindow, &error.told());
        }
    }

    /// Brings the window to the front, or starts it. `user` tells a user's own wish from that of a window's program.
    fn open(&mut self, place: Place, user: bool) -> Result<(), DesktopError> {
        if self.agent.focus_window(place.clone()) {
            self.window.focused();
            return Ok(());
        }
        match self.window.wanted(place.clone(), user, Instant::now()) {
            Opening::Start => {
                self.desktop.open_window(&place)?;
                self.window.started(Instant::now());
                Ok(())
            }
            Opening::Wait => Ok(()),
        }
    }

    fn window_ended(&mut self, success: bool) {
        if !success {
            self.fail("", Attempt::ShowWindow, &broken());
        }
        match self.window.ended(Instant::now()) {
            Some(place) => self.open_for_user(place),
            None => self.window_closed(),
        }
    }
}

/// A program of ours ended with an error, which only its own output tells.
pub(super) fn broken() -> ApiError {
    let message = "Its program ended with an error; what it said stands where `daypass tray` was started.";
    ApiError::new(ErrorCode::Internal, message).said(Said::new("note-window-broke", []))
}
