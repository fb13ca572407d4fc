//! Codes that keep their meaning and with which this version refuses nothing (docs/codes.md).

use super::{access_page, usage};
use cowork_domain::{
    codes::Code,
    policy::{Action, Feature, FeatureNeed},
};

/// Of features that no route asks for.
pub fn of_features() -> Vec<Code> {
    let routes = access_page::routes_by_action();
    let needs: Vec<FeatureNeed> =
        Action::ALL.iter().filter(|action| routes.contains_key(action.as_str())).map(|action| action.rule().features).collect();
    let is_asked = |feature: Feature| needs.iter().any(|need| matches!(need, FeatureNeed::All(needed) if needed.contains(&feature)));
    let mut codes: Vec<Code> = Feature::ALL.iter().filter(|feature| !is_asked(**feature)).map(|feature| feature.code()).collect();
    if !needs.contains(&FeatureNeed::Capabilities) {
        codes.push(Code::CapabilitiesDisabled);
    }
    codes
}

/// Of quotas that are shown and not enforced.
pub fn of_quotas() -> Vec<Code> {
    usage::unenforced_quotas()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_route_asks_for_is_none_of_them() {
        let codes = [of_features(), of_quotas()].concat();
        for sent in [Code::ChatDisabled, Code::ArtifactsDisabled, Code::ChannelsDisabled, Code::ByokDisabled, Code::PromptsPerHourExceeded]
        {
            assert!(!codes.contains(&sent), "{sent} is sent");
        }
    }
}
